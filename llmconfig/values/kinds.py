"""What a value may be: type and bounds, said once for files, variables, rows, API and header.

``parse`` takes JSON values and is strict: true is no number, "3" is no number, NaN is nothing.
``parse_written`` takes what people write in files, where durations also read ``60s`` or ``1h30m``
(``llmconfig.values.durations``).
Both return the normalised value or raise ``Refused``, which says what is accepted.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from llmconfig.values.durations import DAY, duration_forms, duration_parse, duration_written
from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.model_grammar import MAX_LENGTH, broken_rule, is_name
from llmconfig.values.texts import json_size, shown

#: What the last release took for a model's name.
_MODEL_SENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*", re.ASCII)
# PostgreSQL stores neither NUL nor half of a surrogate pair.
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


class Refused(ValueError):
    """The value is not accepted; ``accepted`` says what is."""

    def __init__(self, accepted: Message) -> None:
        self.accepted = accepted
        super().__init__(str(accepted))

    @property
    def message(self) -> Message:
        return Message(gettext_noop("accepted: %(accepted)s"), {"accepted": self.accepted})


class NameRefused(Refused):
    """A text that is no model's name; ``accepted`` includes the rule that it breaks."""

    def __init__(self, accepted: Message, found: str) -> None:
        self.found = found
        super().__init__(accepted)

    @property
    def message(self) -> Message:
        text = gettext_noop("accepted: %(accepted)s; found: %(found)s")
        return Message(text, {"accepted": self.accepted, "found": shown(self.found)})


class TooLargeMessage(Message):
    """A complaint that no schema of the API could have made: bytes are counted, not characters."""


class TooLarge(Refused):
    """The value has the right form and takes too many bytes."""

    @property
    def message(self) -> Message:
        return TooLargeMessage(super().message.text, super().message.params)


class Kind:
    """Base of all kinds."""

    @property
    def accepted(self) -> Message:
        raise NotImplementedError

    def parse(self, value: object) -> Any:
        """The normalised value. Raises ``Refused``."""
        raise NotImplementedError

    def parse_written(self, value: object) -> Any:
        """As ``parse``, for a value from a file or a variable."""
        return self.parse(value)

    def parse_sent(self, value: object) -> Any:
        """As ``parse``, for a value of a message or a run. The last release may have written it:
        what that one accepted is never refused here."""
        return self.parse(value)


@dataclass(frozen=True)
class Integer(Kind):
    minimum: int
    maximum: int

    @property
    def accepted(self) -> Message:
        text = gettext_noop("a whole number from %(minimum)s to %(maximum)s")
        return Message(text, {"minimum": self.minimum, "maximum": self.maximum})

    def parse(self, value: object) -> int:
        if type(value) is not int or not self.minimum <= value <= self.maximum:
            raise Refused(self.accepted)
        return value


@dataclass(frozen=True)
class Seconds(Integer):
    """Whole seconds; in files also written with units."""

    @property
    def accepted(self) -> Message:
        text = gettext_noop("%(minimum)s to %(maximum)s seconds")
        return Message(text, {"minimum": self.minimum, "maximum": self.maximum})

    @property
    def written(self) -> Message:
        """What is accepted of a text; longer bounds than a day are told with their units."""
        bounds = self.accepted
        if self.maximum > DAY:
            ends = {
                "minimum": duration_written(self.minimum),
                "maximum": duration_written(self.maximum),
            }
            bounds = Message(gettext_noop("%(minimum)s to %(maximum)s"), ends)
        text = gettext_noop("%(range)s, written as %(forms)s")
        forms = duration_forms(self.minimum, self.maximum)
        return Message(text, {"range": bounds, "forms": forms})

    def parse_written(self, value: object) -> int:
        try:
            return self.parse(duration_parse(value) if isinstance(value, str) else value)
        except Refused:
            raise Refused(self.written) from None


@dataclass(frozen=True)
class Number(Kind):
    minimum: float
    maximum: float

    @property
    def accepted(self) -> Message:
        text = gettext_noop("a number from %(minimum)s to %(maximum)s")
        return Message(text, {"minimum": f"{self.minimum:g}", "maximum": f"{self.maximum:g}"})

    def parse(self, value: object) -> float:
        if type(value) not in (int, float) or not self.minimum <= value <= self.maximum:  # type: ignore[operator]
            raise Refused(self.accepted)
        # One spelling of one value: 0, 0.0 and -0.0 have the same hash and the same JSON.
        return float(value) + 0.0  # type: ignore[arg-type]


@dataclass(frozen=True)
class Boolean(Kind):
    @property
    def accepted(self) -> Message:
        return Message(gettext_noop("true or false"))

    def parse(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise Refused(self.accepted)
        return value


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few JSON values: words, and true or false."""

    choices: tuple[bool | str, ...]

    @property
    def accepted(self) -> Message:
        return self._one_of([json.dumps(choice) for choice in self.choices])

    @property
    def words(self) -> tuple[str, ...]:
        """The choices as a form has them, without quotes."""
        return tuple(json.dumps(each).strip('"') for each in self.choices)

    @property
    def written(self) -> Message:
        """What is accepted of a form's text."""
        return self._one_of(self.words)

    def parse(self, value: object) -> bool | str:
        # 1 is no true here, although Python has them equal.
        if isinstance(value, bool | str):
            for choice in self.choices:
                if choice == value:
                    return choice
        raise Refused(self.accepted)

    def _one_of(self, choices: Sequence[str]) -> Message:
        return Message(gettext_noop("one of %(choices)s"), {"choices": ", ".join(choices)})


@dataclass(frozen=True)
class ModelName(Kind):
    """A model's name; with ``may_be_empty``, "" states that there is none."""

    may_be_empty: bool = False

    @property
    def accepted(self) -> Message:
        if self.may_be_empty:
            text = gettext_noop('a model\'s name such as llama3.2:3b, or "" for none')
        else:
            text = gettext_noop("a model's name such as llama3.2:3b")
        return Message(text)

    def parse(self, value: object) -> str:
        return self._parsed(value, is_name)

    def parse_sent(self, value: object) -> str:
        return self._parsed(value, lambda name: is_name(name) or _was_name(name))

    def _parsed(self, value: object, accepts: Callable[[str], bool]) -> str:
        if not isinstance(value, str):
            raise Refused(self.accepted)
        if accepts(value) or (self.may_be_empty and not value):
            return value
        rule = broken_rule(value)
        if rule is None:
            raise Refused(self.accepted)
        text = gettext_noop("%(accepted)s (%(rule)s)")
        raise NameRefused(Message(text, {"accepted": self.accepted, "rule": rule}), value)


def _was_name(text: str) -> bool:
    return len(text) <= MAX_LENGTH and _MODEL_SENT.fullmatch(text) is not None


@dataclass(frozen=True)
class Texts(Kind):
    """A list of at most ``maximum`` texts of 1 to ``length`` characters.

    Up to three such lists travel in one header, where letters beyond ASCII take 6 bytes and emoji
    12: hence ``size``, the bytes of the whole list in a message.
    """

    maximum: int
    length: int
    size: int

    @property
    def accepted(self) -> Message:
        text = gettext_noop("a list of at most %(maximum)s texts of 1 to %(length)s characters")
        return Message(text, {"maximum": self.maximum, "length": self.length})

    def parse(self, value: object) -> list[str]:
        texts = self.parse_sent(value)
        size = json_size(texts)
        if size > self.size:
            text = gettext_noop("%(texts)s, %(limit)s bytes as JSON; this takes %(size)s")
            limits = {"texts": self.accepted, "limit": self.size, "size": size}
            raise TooLarge(Message(text, limits))
        return texts

    def parse_sent(self, value: object) -> list[str]:
        if not isinstance(value, list | tuple) or len(value) > self.maximum:
            raise Refused(self.accepted)
        if not all(isinstance(text, str) and self._fits(text) for text in value):
            raise Refused(self.accepted)
        return list(value)

    def _fits(self, text: str) -> bool:
        return 1 <= len(text) <= self.length and not _NOT_STORABLE.search(text)
