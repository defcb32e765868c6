import pytest

from llmconfig.resolution import known_models


@pytest.fixture(autouse=True)
def _no_providers(monkeypatch):
    monkeypatch.setattr(known_models, "_providers", [])


def test_nothing_is_known_before_somebody_tells():
    assert known_models.names() == ()


def test_providers_are_asked_anew_and_merged():
    models = ["b:1"]
    known_models.register(lambda: models)
    known_models.register(lambda: ["a:1", "b:1"])
    models.append("c:1")
    assert known_models.names() == ("a:1", "b:1", "c:1")


def test_a_model_is_known_in_one_spelling():
    known_models.register(lambda: ["qwen3:latest", "library/qwen3", "hf.co/A/B:Q4"])
    known_models.register(lambda: ["hf.co/a/b:q4", "qwen3"])
    assert known_models.names() == ("hf.co/A/B:Q4", "library/qwen3")


def test_a_provider_is_asked_once():
    asked = []

    def provider():
        asked.append(1)
        return []

    known_models.register(provider)
    known_models.register(provider)
    known_models.names()
    assert asked == [1]
