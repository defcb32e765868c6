"""JSON Schema (2020-12) of a task type's payload and result.

What a schema allows is accepted, what it forbids is not; but for the limits of the whole payload,
which no schema can say and its description does: bytes, depth, and no NUL or lone surrogate.
"""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from workers.task_types import TaskType
from workers.task_types.payloads import MAX_DEPTH, MAX_PAYLOAD_BYTES
from workers.task_types.strict_fields import WORDS, StrictSerializer, Words

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
LIMITS = (
    f"At most {MAX_PAYLOAD_BYTES} bytes as compact JSON in UTF-8, nested at most {MAX_DEPTH} levels"
    " deep; no NUL character and no lone surrogate in any text."
)
ANYTHING: Schema = {}
MARKDOWN: Schema = {
    "type": "object",
    "properties": {
        "content": {"type": "string", "minLength": 1, "contentMediaType": "text/markdown"}
    },
    "required": ["content"],
    "additionalProperties": False,
}


def payload_schema(kind: TaskType) -> Schema:
    """What ``payload`` may be."""
    return {"$schema": DIALECT, "description": LIMITS, **schema_of(kind.payload())}


def result_schema(kind: TaskType) -> Schema:
    """What ``result`` is when a run has succeeded."""
    schema = kind.result_schema or (MARKDOWN if kind.output_schema is None else kind.output_schema)
    return {"$schema": DIALECT, **schema}


def schema_of(field: serializers.Field[Any, Any, Any, Any]) -> Schema:
    """The schema of one field or serializer. One of an unknown kind may be anything, unless it
    brings a ``json_schema`` of its own."""
    own: Mapping[str, Any] | None = getattr(field, "json_schema", None)
    schema = dict(own) if own is not None else _of_kind(field)
    if field.allow_null and schema:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return {**schema, **({"description": str(field.help_text)} if field.help_text else {})}


def _of_kind(field: Any) -> Schema:
    match field:
        case serializers.Serializer():
            return _object(field)
        case serializers.ListField() | serializers.ListSerializer():
            return _array(field)
        case serializers.DictField():
            return {"type": "object", "additionalProperties": schema_of(field.child)}
        case serializers.ChoiceField():
            return {"enum": list(field.choices)}
        case serializers.CharField():
            return _text(field)
        case serializers.BooleanField():
            return {"type": "boolean"}
        case serializers.IntegerField():
            return {"type": "integer", **_bounds(field, min_value="minimum", max_value="maximum")}
        case serializers.FloatField():
            return {"type": "number", **_bounds(field, min_value="minimum", max_value="maximum")}
        case _:
            return ANYTHING


def _object(serializer: serializers.Serializer[Any]) -> Schema:
    fields = {name: field for name, field in serializer.fields.items() if not field.read_only}
    schema: Schema = {
        "type": "object",
        "properties": {name: schema_of(field) for name, field in fields.items()},
        "required": [name for name, field in fields.items() if field.required],
    }
    if isinstance(serializer, StrictSerializer):
        schema["additionalProperties"] = False
    return schema


def _array(field: Any) -> Schema:
    bounds = _bounds(field, min_length="minItems", max_length="maxItems")
    if not field.allow_empty:
        bounds["minItems"] = max(1, bounds.get("minItems", 0))
    return {"type": "array", "items": schema_of(field.child), **bounds}


def _text(field: serializers.CharField) -> Schema:
    schema: Schema = {
        "type": "string",
        **_bounds(field, min_length="minLength", max_length="maxLength"),
    }
    if not field.allow_blank:
        if field.trim_whitespace or isinstance(field, Words):
            schema["pattern"] = WORDS
        else:
            schema["minLength"] = max(1, schema.get("minLength", 0))
    return schema


def _bounds(field: Any, **keywords: str) -> Schema:
    stated = {word: getattr(field, name, None) for name, word in keywords.items()}
    return {word: value for word, value in stated.items() if value is not None}
