"""The context window of a model, and the answers that leave room for a prompt in it. Pure.

A window is the number of tokens that a prompt and its answer have together.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.places import place_cut
from llmconfig.values.types import MODEL_FIELDS, ROLES, ResolvedConfig

MAX_TOKENS = "max_tokens"
#: What ``max_tokens`` must leave for the prompt; of a small window half.
LEAST_PROMPT = 256


class WindowSource(StrEnum):
    """Why a window is known."""

    STATED = "stated"
    LOADED = "loaded"
    DEFAULT = "default"


#: Sources in words.
SOURCES: Mapping[WindowSource, str] = {
    WindowSource.STATED: gettext_noop("stated in %(place)s"),
    WindowSource.LOADED: gettext_noop("as it is loaded now"),
    WindowSource.DEFAULT: gettext_noop("%(place)s"),
}


@dataclass(frozen=True, kw_only=True)
class Window:
    """The tokens of a window, and where that number comes from."""

    tokens: int
    source: WindowSource
    #: File and line or variable; "" where a model server reported it.
    place: str

    def to_wire(self) -> dict[str, Any]:
        return {
            "tokens": self.tokens,
            "source": str(self.source),
            "place": place_cut(self.place) or None,
        }

    @property
    def reason(self) -> Message:
        """Where the number comes from, in words."""
        return Message(SOURCES[self.source], {"place": self.place})

    @property
    def longest_answer(self) -> int:
        """The largest ``max_tokens`` that leaves room for a prompt."""
        return self.tokens - min(LEAST_PROMPT, self.tokens // 2)

    def answer_tokens(self, max_tokens: int | None) -> int:
        """What a prompt that can be shortened leaves for the answer: ``max_tokens``, a quarter of
        the window where none is stated, and half of it at most."""
        return self.tokens // 4 if max_tokens is None else min(max_tokens, self.tokens // 2)


@dataclass(frozen=True, kw_only=True)
class AnswerTooLong:
    """A ``max_tokens`` that leaves no room for a prompt."""

    #: ``parameters.max_tokens`` or ``model_parameters.primary.max_tokens``.
    field: str
    value: int
    model: str
    window: Window

    code = "max_tokens_beyond_window"

    @property
    def sentence(self) -> Message:
        text = gettext_noop(
            "max_tokens %(value)s leaves no room for a prompt in the context of %(model)s, which"
            " has %(window)s tokens (%(source)s); accepted: 1 to %(accepted)s"
        )
        return Message(
            text,
            {
                "value": self.value,
                "model": self.model,
                "window": self.window.tokens,
                "source": self.window.reason,
                "accepted": self.window.longest_answer,
            },
        )

    def to_wire(self, gettext: Callable[[str], str] = str) -> dict[str, Any]:
        return {
            "code": self.code,
            "field": self.field,
            "value": self.value,
            "model": self.model,
            "window": self.window.tokens,
            "accepted": self.window.longest_answer,
            "detail": self.sentence.translate(gettext),
        }


def answers_too_long(
    config: ResolvedConfig, windows: Mapping[str, Window]
) -> Iterator[AnswerTooLong]:
    """Of each model of a decision, a ``max_tokens`` that is too large. ``windows`` by role."""
    for role, name in zip(ROLES, MODEL_FIELDS, strict=True):
        window, value = windows.get(role), max_tokens_of(config, role)
        if window and value is not None and value > window.longest_answer:
            of_layers = MAX_TOKENS in config.parameters
            group = "parameters" if of_layers else f"model_parameters.{role}"
            yield AnswerTooLong(
                field=f"{group}.{MAX_TOKENS}",
                value=value,
                model=getattr(config, name),
                window=window,
            )


def max_tokens_of(config: ResolvedConfig, role: str) -> int | None:
    """The ``max_tokens`` that holds for one of a decision's models."""
    stated = {**config.model_parameters.get(role, {}), **config.parameters}
    return stated.get(MAX_TOKENS)
