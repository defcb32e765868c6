"""Reads the bodies of ``/api/chat`` and ``/api/generate`` into a ``Generation``.

Whatever does not fit raises ``RequestError``. What this server cannot do (images, tools,
templates of the caller, log probabilities) is refused, not ignored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from config.embedded.model_server import options
from config.embedded.model_server.catalogue import Model, find_model
from config.embedded.model_server.durations import keep_alive_seconds
from config.embedded.model_server.errors import RequestError
from config.embedded.model_server.schema_guard import check_schema

Body = Mapping[str, Any]
Message = dict[str, str]
Kind = TypeVar("Kind")

ROLES = {"system", "user", "assistant", "tool"}
UNSUPPORTED = ("images", "tools", "template", "context", "suffix", "logprobs", "top_logprobs")
KINDS = {str: "a string", bool: "a boolean", list: "an array", dict: "an object"}


@dataclass(frozen=True, kw_only=True)
class Generation:
    """One checked request to generate, or to load or unload a model."""

    #: The model's name as the client wrote it; answers repeat it.
    asked_model: str
    model: Model
    #: Messages for the chat template, a raw prompt, or None: nothing to generate.
    content: list[Message] | str | None
    options: options.Options
    #: None, ``"json"`` for any JSON object, or a JSON schema.
    format: str | dict[str, object] | None
    stream: bool
    #: None means for ever.
    keep_alive_seconds: float | None


def read_chat(body: Body) -> Generation:
    return _read(body, _chat_content)


def read_generate(body: Body) -> Generation:
    return _read(body, _generate_content)


def read_model(body: Body) -> Model:
    """The model that ``model`` or, as older clients have it, ``name`` states."""
    return find_model(_model_name(body))


def _read(body: Body, content: Callable[[Body], list[Message] | str | None]) -> Generation:
    asked_model = _model_name(body)
    model = find_model(asked_model)
    for key in UNSUPPORTED:
        if body.get(key):
            raise RequestError(f'"{asked_model}" does not support {key}')
    if body.get("think"):
        raise RequestError(f'"{asked_model}" does not support thinking')
    return Generation(
        asked_model=asked_model,
        model=model,
        content=content(body),
        options=options.merged(model, _field(body, "options", dict, {})),
        format=_format(body.get("format")),
        stream=_field(body, "stream", bool, True),
        keep_alive_seconds=keep_alive_seconds(body.get("keep_alive")),
    )


def _model_name(body: Body) -> str:
    name = _field(body, "model", str, "") or _field(body, "name", str, "")
    if not name:
        raise RequestError("model is required")
    return name


def _chat_content(body: Body) -> list[Message] | None:
    return [_message(message) for message in _field(body, "messages", list, [])] or None


def _message(message: object) -> Message:
    if not isinstance(message, dict):
        raise RequestError("messages must be an array of objects")
    if message.get("images"):
        raise RequestError("this model does not support images")
    role = _field(message, "role", str, "").lower()
    if role not in ROLES:
        raise RequestError(f'invalid role "{role}": must be one of {", ".join(sorted(ROLES))}')
    return {"role": role, "content": _field(message, "content", str, "")}


def _generate_content(body: Body) -> list[Message] | str | None:
    prompt, system = _field(body, "prompt", str, ""), _field(body, "system", str, "")
    if _field(body, "raw", bool, False):
        if system:
            raise RequestError("raw mode does not support template, system, or context")
        return prompt or None
    if not prompt:
        return None
    user = {"role": "user", "content": prompt}
    return [{"role": "system", "content": system}, user] if system else [user]


def _format(value: object) -> str | dict[str, object] | None:
    if value is None or value == "":
        return None
    if isinstance(value, dict):
        check_schema(value)
        return value
    if value == "json":
        return "json"
    raise RequestError('invalid format: expected "json" or a valid JSON Schema object')


def _field(body: Body, key: str, kind: type[Kind], default: Kind) -> Kind:
    value = body.get(key)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise RequestError(f'field "{key}" must be {KINDS[kind]}')
    return value
