"""What a refusal says reaches people as one sentence."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.backends.ollama.asking import failure
from workers.backends.ollama.error_texts import message_of
from workers.testing import behaviours as b

SCHEMA = (
    '{"error":{"code":400,"message":"Field \'json_schema\': JSON schema conversion failed:\\n'
    'Unrecognized schema: {\\"type\\":\\"nonsense\\"}","type":"invalid_request_error"}}'
)
READABLE = (
    'Field \'json_schema\': JSON schema conversion failed: Unrecognized schema: {"type":"nonsense"}'
)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("model 'm:1' not found", "model 'm:1' not found"),
        ({"message": "too busy", "code": 7}, "too busy"),
        ({"code": 7}, "{'code': 7}"),
        ('{"error": "plain"}', "plain"),
        ('{"error": {"message": "inner"}}', "inner"),
        ('{"error": "{\\"error\\": {\\"message\\": \\"twice\\"}}"}', "twice"),
        ('the runner said {"error": {"message": "no"}}, and left', "the runner said no, and left"),
        ('Unrecognized schema: {"type": "x"}', 'Unrecognized schema: {"type": "x"}'),
        ('{"detail": "Not Found"}', '{"detail": "Not Found"}'),
        ('{"error": null}', '{"error": null}'),
        ('{"error": ', '{"error": '),
        ("[1]", "[1]"),
        (None, "None"),
    ],
)
def test_the_innermost_message_is_shown(error, message):
    assert message_of(error) == message


def test_a_refused_schema_shows_the_message_inside_the_json(fake_ollama):
    fake_ollama.script("m:1", [b.Status(code=400, body=SCHEMA)])
    assert failure(fake_ollama.host, "m:1").reason.endswith(f"HTTP 400 {READABLE}")


def test_an_error_in_the_middle_of_an_answer_shows_the_message_inside_the_json(fake_ollama):
    fake_ollama.script("m:1", [b.ErrorMidStream(message=SCHEMA)])
    assert failure(fake_ollama.host, "m:1").reason.endswith(f": {READABLE}")


@given(
    st.recursive(
        st.text() | st.none(),
        lambda inner: st.dictionaries(
            st.sampled_from(["error", "message"]), inner | inner.map(json.dumps), max_size=2
        ),
        max_leaves=8,
    )
)
def test_any_error_has_a_text(error):
    assert isinstance(message_of(error), str)


@pytest.mark.parametrize("text", ["{" * 100_000, '{"error":' * 100_000])
def test_json_without_an_end_is_shown_as_it_is(text):
    assert message_of(text) == text
