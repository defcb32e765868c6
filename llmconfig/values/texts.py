"""How values and names that strangers wrote are shown: on one line, cut, and without tricks."""

import json
import re
from typing import Any

SHOWN_LENGTH = 60

_UNSAYABLE = re.compile("[\0\ud800-\udfff]")


def printable(text: str, length: int = SHOWN_LENGTH) -> str:
    """A text of at most ``length`` characters; what could move a cursor or break a line or an
    encoding is escaped."""
    head = text[: length + 1]
    safe = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in head)
    return safe if len(text) <= length and len(safe) <= length else safe[: length - 1] + "…"


def shown(value: object, length: int = SHOWN_LENGTH) -> str:
    """Any value, cut: a text in quotes, so that blanks at its ends are seen."""
    text = str(value).lower() if isinstance(value, bool) else repr(_start(value, length))
    return printable(text, length)


def sayable(text: str) -> str:
    """The text with NUL and halves of characters escaped: no UTF-8 and no database holds them."""
    return _UNSAYABLE.sub(lambda found: ascii(found[0])[1:-1], text)


def json_size(value: Any) -> int:
    """The bytes that a value takes in a message: JSON, everything but ASCII escaped."""
    return len(json.dumps(value))


def _start(value: object, length: int) -> object:
    # The whole of a long text or list need not be written out to be cut.
    return value[: length + 1] if isinstance(value, str | list) else value
