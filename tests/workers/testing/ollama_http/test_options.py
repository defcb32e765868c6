import pytest

from workers.testing.ollama_http.errors import RequestError
from workers.testing.ollama_http.options import typed


def test_known_options_keep_their_values():
    stated = {"temperature": 0, "num_predict": 5, "stop": ["\n"], "use_mmap": False}
    assert typed(stated) == stated


def test_null_and_unknown_options_are_left_out():
    assert typed({"temperature": None, "nonsense": {}}) == {}


def test_whole_numbers_lose_their_fraction():
    assert typed({"top_k": 12.9, "seed": -3.7}) == {"top_k": 12, "seed": -3}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"temperature": "hot"}, 'option "temperature" must be of type float32'),
        ({"temperature": True}, 'option "temperature" must be of type float32'),
        ({"seed": "1"}, 'option "seed" must be of type integer'),
        ({"num_predict": False}, 'option "num_predict" must be of type integer'),
        ({"use_mmap": 1}, 'option "use_mmap" must be of type boolean'),
        ({"stop": "word"}, 'option "stop" must be of type array'),
        ({"stop": [1]}, 'option "stop" must be of an array of strings'),
    ],
)
def test_wrong_types_are_a_500(options, complaint):
    with pytest.raises(RequestError) as caught:
        typed(options)
    assert (caught.value.message, caught.value.status) == (complaint, 500)
