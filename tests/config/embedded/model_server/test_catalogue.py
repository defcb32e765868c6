import pytest

from config.embedded.model_server import catalogue
from config.embedded.model_server.catalogue import find_model, find_weights
from config.embedded.model_server.errors import RequestError, StartError


@pytest.mark.parametrize(
    "name",
    [
        "smollm2:135m",
        "SmolLM2:135M",
        "library/smollm2:135m",
        "registry.ollama.ai/library/smollm2:135m",
        "https://registry.ollama.ai/library/smollm2:135m",
    ],
)
def test_a_model_is_found_by_every_spelling_of_its_name(name):
    assert find_model(name).name == "smollm2:135m"


@pytest.mark.parametrize(
    "name", ["smollm2", "smollm2:latest", "someone/smollm2:135m", "x", ":", "é"]
)
def test_any_other_name_is_not_found(name):
    with pytest.raises(RequestError, match=r"^model '.+' not found$") as caught:
        find_model(name)
    assert caught.value.status == 404


def test_three_names_differ_in_how_much_they_write():
    limits = [model.parameters["num_predict"] for model in catalogue.MODELS.values()]
    assert limits == [96, 48, 192]


def test_the_weights_are_found_without_importing_their_package():
    assert find_weights().suffix == ".gguf"


def test_missing_weights_name_the_line_that_installs_them(monkeypatch):
    monkeypatch.setattr(catalogue, "PACKAGE", "no_such_package")
    with pytest.raises(StartError, match=r"--no-deps -r requirements/model\.txt"):
        find_weights()
