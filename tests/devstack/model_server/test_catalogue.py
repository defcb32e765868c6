import pytest

from devstack.model_server import catalogue
from devstack.model_server.catalogue import find_weights
from devstack.model_server.errors import StartError


def test_three_names_differ_in_how_much_they_write():
    limits = [model.parameters["num_predict"] for model in catalogue.MODELS.values()]
    assert limits == [96, 48, 192]


def test_the_weights_are_found_without_importing_their_package():
    assert find_weights().suffix == ".gguf"


def test_missing_weights_name_the_line_that_installs_them(monkeypatch):
    monkeypatch.setattr(catalogue, "PACKAGE", "no_such_package")
    with pytest.raises(StartError, match=r"--no-deps -r requirements/model\.txt"):
        find_weights()
