"""The numbers of a refused prompt, wherever in an error they stand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.backends.ollama.overflow import Overflow, overflow_of

INNER = {
    "code": 400,
    "message": "request (3010 tokens) exceeds the available context size (512 tokens)",
    "type": "exceed_context_size_error",
    "n_prompt_tokens": 3010,
    "n_ctx": 512,
}


@pytest.mark.parametrize(
    "error",
    [INNER, {"error": INNER}, json.dumps({"error": INNER}), {"error": json.dumps(INNER)}],
    ids=["object", "object in an object", "JSON in a string", "JSON in an object"],
)
def test_both_numbers_are_read(error):
    assert overflow_of(error) == Overflow(prompt_tokens=3010, context_window=512)


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "invalid_request_error"},
        {"n_ctx": 0},
        {"n_ctx": True},
        {"n_ctx": 2**31},
        {"n_prompt_tokens": "3010"},
        {"n_prompt_tokens": None},
    ],
    ids=str,
)
def test_what_names_no_two_numbers_is_no_such_refusal(changed):
    assert overflow_of({**INNER, **changed}) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["error", "type"]), inner),
    )
)
def test_anything_else_that_a_server_sends_is_none(error):
    assert overflow_of(error) is None
