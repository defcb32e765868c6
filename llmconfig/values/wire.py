"""Readers of a configuration that came over the wire.

A wrong type or a value out of bounds raises ``MalformedConfig`` with its key; what is missing or
null gets its default; what is unknown is left out.
"""

from collections.abc import Mapping
from typing import Any

from llmconfig.values.errors import MalformedConfig
from llmconfig.values.fields import FIELDS
from llmconfig.values.kinds import Kind, Refused
from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.parameters import PARAMETERS


def _malformed(key: str, accepted: Message) -> MalformedConfig:
    text = gettext_noop("The configuration is malformed: %(key)s; accepted: %(accepted)s.")
    return MalformedConfig(Message(text, {"key": key or "llm_config", "accepted": accepted}))


def read_mapping(key: str, value: object) -> Mapping[str, Any]:
    if value is None and key:
        return {}
    if not isinstance(value, Mapping):
        raise _malformed(key, Message(gettext_noop("an object")))
    return value


def read_text(key: str, value: object, default: str) -> str:
    if value is None:
        return default
    if not isinstance(value, str):
        raise _malformed(key, Message(gettext_noop("a text")))
    return value


def _value(key: str, kind: Kind, value: object) -> Any:
    try:
        return kind.parse_sent(value)
    except Refused as error:
        raise _malformed(key, error.accepted) from error


def read_field(name: str, value: object) -> Any:
    if value is None:
        return "" if name == "fallback_model" else FIELDS[name].default
    return _value(name, FIELDS[name].kind, value)


def read_parameters(key: str, value: object) -> dict[str, Any]:
    return {
        name: _value(f"{key}.{name}", PARAMETERS[name], item)
        for name, item in read_mapping(key, value).items()
        if name in PARAMETERS and item is not None
    }
