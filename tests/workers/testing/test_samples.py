"""Samples are valid by the schema that they are made from."""

import pytest
from jsonschema import Draft202012Validator

from workers.testing.samples import instance

SCHEMAS = [
    {"type": "string"},
    {"type": "string", "minLength": 30, "maxLength": 31},
    {"type": "string", "maxLength": 2},
    {"type": "integer", "minimum": 3},
    {"type": "integer", "exclusiveMinimum": 3, "multipleOf": 5},
    {"type": "number", "maximum": -2},
    {"type": "number", "exclusiveMaximum": -2},
    {"type": "integer", "minimum": 0, "maximum": 100},
    {"type": "boolean"},
    {"type": "null"},
    {"type": ["integer", "null"]},
    {"enum": ["b", "a"]},
    {"const": {"a": [1]}},
    {"type": "array", "items": {"type": "string"}, "minItems": 2},
    {"type": "array", "prefixItems": [{"type": "integer"}], "minItems": 2},
    {"anyOf": [{"type": "integer"}, {"type": "string"}]},
    {"oneOf": [{"type": "object", "required": ["a"]}]},
    {
        "allOf": [
            {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"properties": {"b": {"type": "string"}}, "required": ["b"]},
        ]
    },
    {
        "type": "object",
        "properties": {"tag": {"$ref": "#/$defs/tag"}, "more": {"type": "string"}},
        "required": ["tag"],
        "additionalProperties": False,
        "$defs": {"tag": {"type": "string", "minLength": 9}},
    },
    {},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_a_sample_is_valid(schema):
    Draft202012Validator(schema).validate(instance(schema))
