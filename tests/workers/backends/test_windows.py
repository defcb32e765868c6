"""A worker knows its models' windows: stated ones without a question, others from its server."""

import pytest

from llmconfig.values.windows import WindowSource
from workers.backends import ollama as backend
from workers.backends.windows import windows_here
from workers.testing import behaviours as b

CONFIG = 'default: {model: "a:1"}\nmodel_params: {"a:1": {context_window: 2048}}'


@pytest.fixture(autouse=True)
def configured(config_file):
    config_file(CONFIG)
    yield
    backend.close()


def known(*models):
    return {model: (w.tokens, w.source) for model, w in windows_here(models).items()}


def test_stated_windows_need_no_question(ollama):
    ollama.load("a:1")
    assert known("a:1") == {"a:1": (2048, WindowSource.STATED)}
    assert ollama.log == ()


def test_of_other_models_the_server_is_asked(ollama):
    ollama.load("b:1")
    assert known("a:1", "b:1", "c:1") == {
        "a:1": (2048, WindowSource.STATED),
        "b:1": (4096, WindowSource.LOADED),
        "c:1": (4096, WindowSource.DEFAULT),
    }


def test_a_server_that_does_not_answer_leaves_the_default(ollama):
    ollama.load("b:1")
    ollama.script("/api/ps", [b.Status(code=500)])
    assert known("b:1") == {"b:1": (4096, WindowSource.DEFAULT)}
