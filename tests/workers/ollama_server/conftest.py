"""A real Ollama, or another server that speaks its API: ``OLLAMA_TEST_HOST``.

``OLLAMA_TEST_MODEL`` names the model; by default the smallest that the server has.
"""

import os

import httpx
import pytest

from workers.backends.hosts import normalise
from workers.gates import reachability

HOST, MODEL = "OLLAMA_TEST_HOST", "OLLAMA_TEST_MODEL"
WITHOUT = f"{HOST} names no server (docs/how-to/test-against-ollama.md)"
#: A small model on a slow processor may take this long for a report.
CONFIG = """\
default: {{model: "{model}", fallback_model: "", timeout: "300s", max_retries: 1}}
model_params:
  "{model}": {{context_window: {window}, max_tokens: 60, temperature: 0}}
"""
WINDOW = 2048


@pytest.fixture(scope="session")
def server():
    """The address of the server. Without one the test is skipped; in CI too, where none can be."""
    host = os.environ.get(HOST)
    if not host:
        pytest.skip(WITHOUT)
    return normalise(host)


@pytest.fixture(scope="session")
def model(server):
    """A model that the server has and that writes text."""
    if named := os.environ.get(MODEL):
        return named
    listed = httpx.get(f"{server}/api/tags", timeout=10, trust_env=False).json()["models"]
    writers = [each for each in listed if "completion" in each.get("capabilities", ["completion"])]
    assert writers, f"{server} has no model that writes text; pull a small one"
    return min(writers, key=lambda each: each["size"])["model"]


@pytest.fixture
def ollama(server, model, config_file, settings):
    """The server, as the one that workers use."""
    settings.OLLAMA_HOST = server
    config_file(CONFIG.format(model=model, window=WINDOW))
    reachability.note(server, is_up=True)
    return server


@pytest.fixture
def idle(server, model):
    """Whether the server answers a short question at once: it works on nothing else."""

    def ask(seconds=30.0):
        body = {
            "model": model,
            "messages": [{"role": "user", "content": "Say hi."}],
            "stream": False,
            "options": {"num_predict": 1, "num_ctx": WINDOW},
        }
        answer = httpx.post(f"{server}/api/chat", json=body, timeout=seconds, trust_env=False)
        return answer.status_code == httpx.codes.OK

    return ask
