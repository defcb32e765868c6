"""Payload serializers, and the size limit of a payload."""

import json
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from workers.runs.errors import InvalidPayload, PayloadNotStorable, PayloadTooLarge
from workers.task_types.strict_fields import WORDS, IsoDate, StrictSerializer, Words

MAX_PAYLOAD_BYTES = 256 * 1024
MAX_ENTRIES = 500
MAX_DEPTH = 20
#: In characters. Longer than the context of any model, and below the bytes of a payload.
MAX_PROMPT = 200_000


class OwnSchemaField(serializers.Field[Any, Any, Any, Any]):
    """A field that says itself, as JSON Schema, what it takes."""

    json_schema: ClassVar[dict[str, Any]] = {}


class EntryField(OwnSchemaField):
    """A work-log entry: a string, or an object with ``text`` and an optional ISO ``date``."""

    text = Words()
    date = IsoDate(allow_null=True)
    json_schema = {
        "anyOf": [
            {"type": "string", "pattern": WORDS},
            {
                "type": "object",
                "properties": {
                    "text": {"type": "string", "pattern": WORDS},
                    "date": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
                },
                "required": ["text"],
                "additionalProperties": False,
            },
        ]
    }
    default_error_messages = {
        "entry": _("An entry is a string, or an object with text and an optional date."),
        "unknown": _("Unknown keys: {keys}; accepted: date, text."),
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if isinstance(data, str):
            data = {"text": data}
        if not isinstance(data, dict):
            self.fail("entry")
        if unknown := data.keys() - {"text", "date"}:
            self.fail("unknown", keys=", ".join(sorted(map(str, unknown))))
        entry = {"text": self.text.run_validation(data.get("text"))}
        if (date := self.date.run_validation(data.get("date"))) is not None:
            entry["date"] = date.isoformat()
        return entry

    def to_representation(self, value: dict[str, str]) -> dict[str, str]:
        return value


class ContextField(OwnSchemaField):
    """Free background to the entries: a string or an object."""

    # An object of any members: to some generators one without a word of them has none.
    json_schema = {"type": ["string", "object"], "additionalProperties": {}}
    default_error_messages = {"context": _("The context is a string or an object.")}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str):
            return data
        if not isinstance(data, dict):
            self.fail("context")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class EntriesPayload(StrictSerializer):
    """``entries`` and an optional ``context``: insights, analyses and reports."""

    entries = serializers.ListField(child=EntryField(), min_length=1, max_length=MAX_ENTRIES)
    context = ContextField(required=False)  # type: ignore[assignment]  # DRF keeps fields apart


class PromptPayload(StrictSerializer):
    """A ``prompt``, sent as it is."""

    prompt = Words(trim_whitespace=False, max_length=MAX_PROMPT)


def payload_clean(kind: type[serializers.Serializer[Any]], payload: Any) -> dict[str, Any]:
    """The normalised payload.

    Raises ``InvalidPayload``, ``PayloadNotStorable``, ``PayloadTooLarge``.
    """
    if not isinstance(payload, dict):
        raise InvalidPayload(errors={"payload": [str(_("The payload is an object."))]})
    _refuse_unstorable(payload)
    serializer = kind(data=payload)
    if not serializer.is_valid():
        raise InvalidPayload(errors={"payload": serializer.errors})
    cleaned: dict[str, Any] = serializer.validated_data
    return cleaned


def _refuse_unstorable(payload: dict[str, Any]) -> None:
    """What PostgreSQL's jsonb cannot hold, and what is too much of it."""
    if _depth_exceeds(payload, MAX_DEPTH):
        deep = _("Nested deeper than %(depth)s levels.") % {"depth": MAX_DEPTH}
        raise PayloadNotStorable(errors={"payload": [deep]})
    try:
        size = payload_size(payload)
    except (ValueError, TypeError):
        message = _("Holds what JSON text cannot: a lone surrogate or a number that is not finite.")
        raise PayloadNotStorable(errors={"payload": [str(message)]}) from None
    if size > MAX_PAYLOAD_BYTES:
        raise PayloadTooLarge
    if "\\u0000" in json.dumps(payload).replace("\\\\", ""):
        message = _("Holds the NUL character.")
        raise PayloadNotStorable(errors={"payload": [str(message)]})


def payload_size(payload: Any) -> int:
    """Bytes as compact JSON. Raises ValueError for what is not JSON, lone surrogates included."""
    text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return len(text.encode())


def _depth_exceeds(value: Any, limit: int) -> bool:
    level = [value]
    for _level in range(limit):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True
