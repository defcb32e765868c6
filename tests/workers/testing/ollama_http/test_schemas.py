import json

import pytest

from workers.testing.ollama_http.errors import RequestError
from workers.testing.ollama_http.schemas import checked


@pytest.mark.parametrize(
    ("stated", "meant"),
    [(None, None), ("", None), ("json", "json"), ({"type": "string"}, {"type": "string"})],
)
def test_format_is_json_or_a_schema(stated, meant):
    assert checked(stated) == meant


@pytest.mark.parametrize(
    ("stated", "quoted"), [("yaml", r'"\"yaml\""'), (5, '"5"'), ([1], '"[1]"')]
)
def test_another_format_is_a_500(stated, quoted):
    with pytest.raises(RequestError) as caught:
        checked(stated)
    assert caught.value.status == 500
    assert caught.value.message.startswith(f"invalid format: {quoted}; expected")


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"type": "object", "properties": {"a": {"type": "nonsense"}}},
        {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "nonsense"}]}},
    ],
)
def test_an_unknown_type_cannot_become_a_grammar(schema):
    with pytest.raises(RequestError) as caught:
        checked(schema)
    inner = json.loads(caught.value.message)["error"]
    assert (caught.value.status, inner["code"]) == (400, 400)
    assert inner["message"].endswith('Unrecognized schema: {"type":"nonsense"}')


@pytest.mark.parametrize(
    "schema", [{"properties": 5}, {"type": ["string", "null"]}, {"enum": ["type", {"type": "x"}]}]
)
def test_what_the_check_does_not_understand_is_left_to_the_engine(schema):
    assert checked(schema) == schema
