"""The bodies of ``/api/chat``, ``/api/generate`` and ``/api/show``, decoded and typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from workers.testing.ollama_http import fields, json_bodies, options

_MESSAGE = fields.struct(
    {
        "role": fields.text,
        "content": fields.text,
        "thinking": fields.text,
        "images": fields.list_of(fields.image, "[]api.ImageData"),
        "tool_calls": fields.raw,
        "tool_name": fields.text,
    },
    "api.Message",
)
_COMMON: Mapping[str, fields.Reader] = {
    "model": fields.text,
    "stream": fields.flag,
    "format": fields.raw,
    "keep_alive": fields.duration,
    "options": fields.mapping,
    "think": fields.think,
    "truncate": fields.flag,
    "shift": fields.flag,
    "logprobs": fields.flag,
    "top_logprobs": fields.integer,
}
_CHAT = {
    **_COMMON,
    "messages": fields.list_of(_MESSAGE, "[]api.Message"),
    "tools": fields.of_type(list, "api.Tools"),
}
_GENERATE = {
    **_COMMON,
    "prompt": fields.text,
    "suffix": fields.text,
    "system": fields.text,
    "template": fields.text,
    "context": fields.list_of(fields.integer, "[]int"),
    "raw": fields.flag,
    "images": fields.list_of(fields.image, "[]api.ImageData"),
}
_SHOW = {
    "model": fields.text,
    "name": fields.text,
    "verbose": fields.flag,
    "options": fields.mapping,
}


@dataclass(frozen=True, kw_only=True)
class Generation:
    """One request to generate, or to load or unload a model."""

    is_chat: bool
    #: The model's name as the client wrote it; answers repeat it.
    model: str = ""
    messages: tuple[Mapping[str, Any], ...] = ()
    prompt: str = ""
    system: str = ""
    template: str = ""
    suffix: str = ""
    context: tuple[int, ...] = ()
    raw: bool = False
    images: tuple[str, ...] = ()
    tools: tuple[Any, ...] = ()
    #: As it was stated; `schemas.checked` says what is accepted.
    format: Any = None
    #: As they were stated; `typed_options` has their types checked.
    options: Mapping[str, Any] = field(default_factory=dict)
    stream: bool = True
    #: None: nothing was stated, which means on for a model that can think.
    think: bool | str | None = None
    #: Seconds, infinite for ever; None: nothing was stated.
    keep_alive: float | None = None
    truncate: bool = True
    shift: bool = True
    logprobs: bool = False
    top_logprobs: int = 0

    @property
    def is_load(self) -> bool:
        """There is nothing to generate from."""
        return not (self.messages if self.is_chat else self.prompt)

    @property
    def asks_to_think(self) -> bool:
        """Whether a model that can think does: unless the request says not to."""
        return self.think is not False

    @cached_property
    def typed_options(self) -> dict[str, Any]:
        """The options that count. Raises RequestError 500."""
        return options.typed(self.options)

    @property
    def all_images(self) -> tuple[str, ...]:
        of_messages = (image for message in self.messages for image in message.get("images", ()))
        return (*self.images, *of_messages)


@dataclass(frozen=True, kw_only=True)
class Show:
    """A request to describe a model; ``name`` is what older clients state."""

    model: str = ""
    name: str = ""
    verbose: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


def read_chat(content: bytes) -> Generation:
    """Raises RequestError."""
    return Generation(is_chat=True, **_read(content, "ChatRequest", _CHAT))


def read_generate(content: bytes) -> Generation:
    """Raises RequestError."""
    return Generation(is_chat=False, **_read(content, "GenerateRequest", _GENERATE))


def read_show(content: bytes) -> Show:
    """Raises RequestError."""
    return Show(**_read(content, "ShowRequest", _SHOW))


def _read(content: bytes, struct: str, readers: Mapping[str, fields.Reader]) -> dict[str, Any]:
    found = fields.decode(json_bodies.parse(content), struct, readers)
    return {
        name: tuple(value) if isinstance(value, list) and name != "format" else value
        for name, value in found.items()
    }
