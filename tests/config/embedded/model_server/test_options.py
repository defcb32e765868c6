import pytest

from config.embedded.model_server.catalogue import MODELS
from config.embedded.model_server.errors import RequestError
from config.embedded.model_server.options import merged

MODEL = MODELS["smollm2:135m"]


def test_without_options_the_model_has_its_own():
    assert merged(MODEL, {}) == MODEL.parameters


def test_options_of_the_request_win():
    options = merged(MODEL, {"temperature": 0, "num_predict": 5, "stop": ["\n"]})
    assert options == {**MODEL.parameters, "temperature": 0, "num_predict": 5, "stop": ["\n"]}


def test_null_means_the_default():
    assert merged(MODEL, {"temperature": None}) == MODEL.parameters


def test_unknown_options_are_ignored():
    assert merged(MODEL, {"num_gpu": 1, "nonsense": {}}) == MODEL.parameters


def test_whole_numbers_lose_their_fraction():
    assert merged(MODEL, {"top_k": 12.9})["top_k"] == 12


def test_large_numbers_are_cut_and_seeds_are_not():
    options = merged(MODEL, {"num_predict": 10**30, "seed": 10**30})
    assert (options["num_predict"], options["seed"]) == (2**31 - 1, 10**30)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"temperature": "hot"}, '"temperature" must be of type float32'),
        ({"temperature": True}, '"temperature" must be of type float32'),
        ({"temperature": 1e39}, '"temperature" is out of range'),
        ({"top_p": 10**400}, '"top_p" is out of range'),
        ({"seed": "1"}, '"seed" must be of type integer'),
        ({"num_predict": False}, '"num_predict" must be of type integer'),
        ({"stop": "word"}, '"stop" must be of type array'),
        ({"stop": [1]}, '"stop" must be of an array of strings'),
    ],
)
def test_wrong_types_are_refused(options, complaint):
    with pytest.raises(RequestError, match=complaint):
        merged(MODEL, options)
