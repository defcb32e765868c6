"""Durations as people write them: ``90``, ``90s``, ``2m``, ``1h30m``, ``1d``.

The one reader for files, variables, forms and commands; the API's fields are whole seconds.
"""

import re

from llmconfig.values.messages import Message, gettext_noop

DAY = 86_400
_DURATION = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,12})s?)?", re.ASCII)
#: Seconds of a day, hour, minute and second: the groups of the expression above.
_UNITS = {"d": DAY, "h": 3600, "m": 60, "s": 1}
#: Shown where they lie within the bounds.
_EXAMPLES = {"60": 60, "60s": 60, "2m": 120, "1h30m": 5400, "1d": DAY}


def duration_parse(text: str) -> int | None:
    """Whole seconds; None where the text is no duration. A number alone is seconds."""
    match = _DURATION.fullmatch(text.strip())
    if not match or not any(match.groups()):
        return None
    parts = zip(match.groups(), _UNITS.values(), strict=True)
    return sum(int(part or 0) * unit for part, unit in parts)


def duration_written(seconds: int) -> str:
    """Whole seconds in the largest unit that divides them: ``90s``, ``2m``, ``1d``."""
    for letter, unit in _UNITS.items():
        if seconds and seconds % unit == 0:
            return f"{seconds // unit}{letter}"
    return f"{seconds}s"


def duration_forms(minimum: int, maximum: int) -> Message:
    """How to write a duration within these bounds, by examples that lie within them."""
    fitting = [text for text, value in _EXAMPLES.items() if minimum <= value <= maximum]
    *first, last = fitting or [str(minimum), duration_written(minimum)]
    text = gettext_noop("%(first)s or %(last)s")
    return Message(text, {"first": ", ".join(first), "last": last})
