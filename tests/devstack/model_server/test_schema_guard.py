import pytest

from devstack.model_server.schema_guard import MAX_DEPTH, MAX_VALUES, check_schema
from workers.testing.ollama_http.errors import RequestError


def nested(depth):
    schema = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object", "properties": {"tags": {"type": "array", "maxItems": 5}}},
        {"type": "string", "minLength": 3, "maxLength": 3, "pattern": "^a{1,2}$"},
        {"enum": ["a", None, 1]},
        nested(MAX_DEPTH // 2),
        {"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"items": {"$ref": "#"}}}},
    ],
)
def test_usual_schemas_pass(schema):
    check_schema(schema)


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ({"type": "strange"}, "type"),
        ({"properties": []}, "properties"),
        ({"maxLength": -1}, "maxLength"),
        ({"required": "a"}, "required"),
        ({"$ref": "#/absent"}, r"cannot resolve \$ref #/absent"),
        ({"properties": {"a": {"$ref": "https://example.org/b"}}}, r"cannot resolve \$ref"),
        # Each of these takes the engine all memory or minutes.
        ({"minItems": 3, "maxItems": 2}, "minItems 3 is above maxItems 2"),
        ({"minLength": 3, "maxLength": 2}, "minLength 3 is above maxLength 2"),
        ({"minimum": 1, "maximum": 0}, "minimum 1 is above maximum 0"),
        ({"items": {"minItems": 3, "maxItems": 2}}, "minItems"),
        ({"pattern": "^a{5,2}$"}, "pattern"),
        ({"pattern": "a?" * 51}, "100 characters"),
        ({"enum": list(range(MAX_VALUES))}, f"more than {MAX_VALUES} values"),
        (nested(MAX_DEPTH + 1), "nested deeper"),
        (nested(500), "nested deeper"),
        ({"maximum": 10**400}, "out of range"),
    ],
)
def test_invalid_and_ruinous_schemas_are_refused(schema, complaint):
    with pytest.raises(RequestError, match=f"invalid JSON schema in format: .*{complaint}"):
        check_schema(schema)
