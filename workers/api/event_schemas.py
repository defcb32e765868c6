"""The shapes of what a stream of events tells, for the API's description: the data of each event.

OpenAPI 3.1 has no word for the events of a stream: the operation names the shapes in ``x-events``.
"""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]


def component(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(schema: Schema) -> Schema:
    return {"oneOf": [schema, {"type": "null"}]}


def _object(description: str, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": sorted(properties),
    }


_NUMBER: Schema = {"type": "integer", "minimum": 0, "description": "Of the attempt."}

STATE = _object("What the task has become.", status=component("StatusEnum"))
TEXT = _object("What follows of the text.", attempt=_NUMBER, delta={"type": "string"})
RESET = _object("The text so far is withdrawn.", attempt=_NUMBER)
END = _object(
    "How the task ended; nothing follows. Of a task that was deleted meanwhile: nulls.",
    status=_or_null(component("StatusEnum")),
    result=_or_null(component("Result")),
    notes={"type": "array", "items": component("Note")},
    error=_or_null(component("RunError")),
    model_used={"type": ["string", "null"]},
    fallback_used={"type": "boolean"},
    usage=_or_null(component("Usage")),
    status_url={"type": ["string", "null"]},
)

#: By the name of the event, that of the component.
EVENTS: Mapping[str, str] = {
    name: f"{name.capitalize()}Event" for name in ("state", "attempt", "text", "reset", "end")
}


def event_components(schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """The components of `EVENTS`, beside those that there are."""
    shapes = {"state": STATE, "text": TEXT, "reset": RESET, "end": END}
    shapes["attempt"] = _begun_or_ended(schemas["Attempt"])
    return {EVENTS[name]: shape for name, shape in shapes.items()}


def _begun_or_ended(attempt: Schema) -> Schema:
    outcome = {
        "oneOf": [attempt["properties"]["outcome"], {"type": "null"}],
        "description": "Null: it has begun.",
    }
    return {**attempt, "properties": {**attempt["properties"], "outcome": outcome}}
