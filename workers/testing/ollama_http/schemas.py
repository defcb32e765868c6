"""``format`` of a request: nothing, ``"json"``, or a schema that can become a grammar."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from workers.testing.ollama_http.errors import RequestError, runner_error

_TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}


def checked(stated: Any) -> str | dict[str, Any] | None:
    """None, ``"json"`` or the schema. Raises RequestError."""
    if stated is None or stated == "":
        return None
    if stated == "json":
        return "json"
    if not isinstance(stated, dict):
        # Ollama quotes the JSON text once more.
        quoted = json.dumps(json.dumps(stated, separators=(",", ":")))
        message = f'invalid format: {quoted}; expected "json" or a valid JSON Schema object'
        raise RequestError(message, HTTPStatus.INTERNAL_SERVER_ERROR)
    for part in _schemas(stated):
        if isinstance(part.get("type"), str) and part["type"] not in _TYPES:
            raise refused(f"Unrecognized schema: {json.dumps(part, separators=(',', ':'))}")
    return stated


def refused(reason: str) -> RequestError:
    """The refusal of a schema that cannot become a grammar."""
    return runner_error(
        f"Field 'json_schema': \"json_schema\": JSON schema conversion failed:\n{reason}"
    )


def _schemas(schema: Any) -> Iterator[dict[str, Any]]:
    """The schema and those in it that say what a value is, without following references."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if not isinstance(part, dict):
            continue
        yield part
        properties = part.get("properties")
        waiting += properties.values() if isinstance(properties, dict) else ()
        waiting += [part.get("items"), part.get("additionalProperties")]
        for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
            waiting += part[word] if isinstance(part.get(word), list) else ()
