"""The object that a model means is found wherever it stands."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.backends.json_answers import json_objects

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
OBJECTS = st.dictionaries(st.text(max_size=4), VALUES, max_size=3)
#: Words without braces and markers.
WORDS = st.text(alphabet="ab .:\n`~[]", max_size=12)


@given(OBJECTS, WORDS, WORDS, st.sampled_from([None, 1]))
def test_an_object_is_found_between_words(value, before, behind, indent):
    text = f"{before}{json.dumps(value, indent=indent, ensure_ascii=False)}{behind}"
    assert next(json_objects(text)) == value


@given(st.lists(OBJECTS, min_size=1, max_size=3), WORDS)
def test_several_objects_come_in_their_order(values, between):
    text = f" {between} ".join(map(json.dumps, values))
    assert list(json_objects(text)) == values


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is not JSON"),
        ("no braces", "it is not JSON"),
        ("{half", "it is not JSON"),
        ('{"a": NaN}', "NaN is no number"),
        ("[1]", "it is not a JSON object"),
        ("null", "it is not a JSON object"),
        ('"text"', "it is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("<think>So", "it is nothing but thinking"),
    ],
    ids=lambda text: text[:12],
)
def test_a_text_without_an_object_is_told_why(text, problem):
    with pytest.raises(ValueError, match=problem):
        list(json_objects(text))
