"""Label values are few, whatever users name."""

import pytest

from workers.metrics import labels


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(labels, "_models", set())


def test_a_known_model_is_told_by_its_normalised_name():
    labels.know(["qwen3", "a:1"])
    assert labels.model_label("qwen3") == labels.model_label("qwen3:latest") == "qwen3:latest"
    assert labels.model_label("a:1") == "a:1"


def test_any_other_model_is_told_as_other():
    labels.know(["a:1"])
    assert labels.model_label("b:1") == "other"


def test_however_many_models_come_their_labels_stay_few():
    for number in range(1000):
        labels.know([f"model{number}:1"])
    told = {labels.model_label(f"model{number}:1") for number in range(1000)}
    assert len(told) == labels.MOST_MODELS + 1
    assert labels.model_label("model0:1") == "model0:1"
