"""What the description cannot read from a serializer by itself: what it refuses."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension
from drf_spectacular.utils import Direction

from llmconfig.api.kind_fields import STORABLE
from workers.task_types.strict_fields import WORDS


class _Closed(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """A request with an unknown key is refused."""

    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Direction) -> Any:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "additionalProperties": False} if direction == "request" else schema


class StrictSerializerExtension(_Closed):  # type: ignore[no-untyped-call]
    target_class = "workers.task_types.strict_fields.StrictSerializer"


class ClosedShapeExtension(_Closed):  # type: ignore[no-untyped-call]
    target_class = "llmconfig.api.schemas.ClosedShape"


class TextExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "workers.task_types.strict_fields.Text"

    def map_serializer_field(self, auto_schema: Any, direction: Direction) -> Any:
        return {"type": "string", "pattern": STORABLE}


class WordsExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "workers.task_types.strict_fields.Words"

    def map_serializer_field(self, auto_schema: Any, direction: Direction) -> Any:
        return {"type": "string", "pattern": WORDS}


class OwnSchemaExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A field of a payload that brings its JSON Schema."""

    target_class = "workers.task_types.payloads.OwnSchemaField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Direction) -> Any:
        target: Any = self.target
        return dict(target.json_schema)


class TaskTypeMapExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Keys are the names of task types."""

    target_class = "llmconfig.api.schemas.TaskTypeMap"

    def map_serializer_field(self, auto_schema: Any, direction: Direction) -> Any:
        target: Any = self.target
        schema = auto_schema._map_serializer_field(target, direction, bypass_extensions=True)
        # Whether null is taken too is added to what is returned here.
        return {**schema, "type": "object", "propertyNames": {"enum": list(target.names)}}
