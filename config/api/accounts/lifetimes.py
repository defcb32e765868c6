"""How long a token is valid, as people write it: ``30d``."""

import re
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LIFETIME = re.compile(r"([1-9]\d{0,5})([smhd])", re.ASCII)


def lifetime_parse(text: str) -> timedelta:
    """``30d``, ``12h``, ``30m`` or ``90s``. Raises ValueError."""
    if not (match := _LIFETIME.fullmatch(text)):
        raise ValueError("accepted: a number with s, m, h or d, for example 30d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
