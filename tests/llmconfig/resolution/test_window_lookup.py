"""Which window a model has: stated, else loaded, else the server's default."""

import pytest

from llmconfig.resolution import window_lookup
from llmconfig.values.windows import Window, WindowSource

CONFIG = """\
default: {model: "a:1", fallback_model: "b:1"}
model_params: {"a:1": {context_window: 2048}, "b:1": {top_k: 1}}
"""


@pytest.fixture(autouse=True)
def alone(configure, monkeypatch):
    monkeypatch.setattr(window_lookup, "_providers", [])
    configure(CONFIG)


def test_a_stated_window_counts_whatever_is_loaded():
    window_lookup.register(lambda: {"a:1": 8192})
    assert window_lookup.window_of("a:1") == Window(
        tokens=2048, source=WindowSource.STATED, place="llm.yaml:2"
    )


def test_without_a_statement_the_loaded_one_counts():
    window_lookup.register(lambda: {"b:1": 8192, "qwen3:latest": 16384})
    loaded = {"source": WindowSource.LOADED, "place": ""}
    assert window_lookup.window_of("b:1") == Window(tokens=8192, **loaded)
    assert window_lookup.window_of("qwen3") == Window(tokens=16384, **loaded)


def test_what_a_caller_knows_counts_instead_of_what_providers_know():
    window_lookup.register(lambda: {"b:1": 8192})
    assert window_lookup.window_of("b:1", loaded={}).source is WindowSource.DEFAULT
    assert window_lookup.window_of("b:1", loaded={"b:1": 512}).tokens == 512


def test_of_several_servers_the_smallest_window_counts():
    for tokens in (8192, 4096, 16384):
        window_lookup.register(lambda tokens=tokens: {"b:1": tokens})
    assert window_lookup.window_of("b:1").tokens == 4096


def test_otherwise_it_is_the_servers_default(settings):
    default = {"source": WindowSource.DEFAULT}
    assert window_lookup.window_of("b:1") == Window(
        tokens=4096, place="Ollama's default", **default
    )
    settings.OLLAMA_CONTEXT_LENGTH = 16384
    assert window_lookup.window_of("b:1") == Window(
        tokens=16384, place="OLLAMA_CONTEXT_LENGTH", **default
    )
