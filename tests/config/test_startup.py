"""No process starts work with a configuration that would fail every run."""

import os
import subprocess
import sys

import pytest

from config.env import PROJECT

STARTS = {
    "web": ["-c", "import config.asgi"],
    "worker": ["-m", "celery", "-A", "config", "worker", "-Q", "llm.text_generation", "-c", "1"],
    "command": ["manage.py", "llm_explain"],
}


@pytest.mark.parametrize("arguments", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"LLM_ALLOWED_MODELS": "qwen3"}, "the model llama3.2:3b is not allowed by LLM_ALLOWED_"),
        ({"LLM_MAX_RETRIES": "many"}, "LLM_MAX_RETRIES: accepted: a whole number from 0 to 10"),
    ],
)
def test_a_bad_configuration_is_refused_in_words(arguments, variables, told):
    environment = {
        **os.environ,
        **variables,
        "LLM_CONFIG_FILE": str(PROJECT / "config" / "llm.yaml"),
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
    }
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 1
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr
