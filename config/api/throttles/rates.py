"""How often something may happen, as settings say it: ``60/min``."""

import re
from dataclasses import dataclass
from functools import lru_cache

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_RATE = re.compile(r"([1-9]\d{0,8})/(s|sec|second|m|min|minute|h|hour|d|day)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``limit`` in any ``period_seconds``, whenever they begin."""

    limit: int
    period_seconds: int

    def times(self, factor: int) -> "Rate":
        return Rate(self.limit * factor, self.period_seconds)


@lru_cache(maxsize=64)
def rate_parse(text: str) -> Rate | None:
    """``60/min``, or with s, hour, day; "" is no limit: None. Raises ValueError."""
    if not text.strip():
        return None
    if not (match := _RATE.fullmatch(text.strip())):
        raise ValueError("accepted: a number per s, min, hour or day, for example 60/min, or empty")
    return Rate(int(match[1]), _UNITS[match[2][0]])
