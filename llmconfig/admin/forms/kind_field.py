"""A form field for each kind of the field table: what people write becomes what is stored."""

import json
import re
from contextlib import suppress
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from llmconfig.values.kinds import (
    Choice,
    Integer,
    Kind,
    ModelName,
    Number,
    Refused,
    Seconds,
    Texts,
    TooLarge,
)
from llmconfig.values.messages import Message, gettext_noop

_ESCAPES = {"\\": "\\", "n": "\n", "t": "\t", "r": "\r"}
_WRITTEN = {character: f"\\{letter}" for letter, character in _ESCAPES.items()}


class KindField(forms.CharField):
    """An empty field states nothing: None. Durations read as in files; texts stand one
    on a line, with ``\\n`` for a line break inside of one."""

    def __init__(self, kind: Kind, **kwargs: Any) -> None:
        # An empty field inherits: no field states that there is no model.
        self.kind = ModelName() if isinstance(kind, ModelName) else kind
        super().__init__(required=False, strip=not isinstance(kind, Texts), **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return self.kind.parse_written(_read(self.kind, text))
        except TooLarge as error:
            raise ValidationError(error.message.translate(gettext)) from error
        except Refused as error:
            refused = Refused(_of_text(self.kind) or error.accepted)
            raise ValidationError(refused.message.translate(gettext)) from error

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(_escaped(text) for text in value)
        if isinstance(value, bool):
            return json.dumps(value)
        return f"{value:.15g}" if isinstance(value, float) else value


def _read(kind: Kind, text: str) -> object:
    """The JSON value that a text stands for; the text itself where it stands for none."""
    if isinstance(kind, Texts):
        return [_unescaped(line) for line in text.splitlines() if line]
    if isinstance(kind, Choice):
        return {"true": True, "false": False}.get(text, text)
    with suppress(ValueError):
        if isinstance(kind, Number):
            return float(text.replace(",", "."))
        if isinstance(kind, Integer) and text.isdecimal():
            return int(text)
    return text


def _escaped(text: str) -> str:
    return "".join(_WRITTEN.get(character, character) for character in text)


def _unescaped(line: str) -> str:
    return re.sub(r"\\([\\ntr])", lambda found: _ESCAPES[found[1]], line)


def written_as(kind: Kind) -> str:
    """How a value is written, for the help of its field."""
    accepted = _of_text(kind) or kind.accepted
    if isinstance(kind, Seconds):
        accepted = kind.written
    elif isinstance(kind, ModelName):
        accepted = ModelName().accepted
    return accepted.translate(gettext)


def _of_text(kind: Kind) -> Message | None:
    """What is accepted where a value of this kind is written in another form than in JSON."""
    if isinstance(kind, Choice):
        return kind.written
    if not isinstance(kind, Texts):
        return None
    text = gettext_noop(
        "one text on a line, \\n for a line break; at most %(maximum)s texts of 1 to %(length)s"
        " characters"
    )
    return Message(text, {"maximum": kind.maximum, "length": kind.length})
