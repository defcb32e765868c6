"""When an attempt must have ended, on the wall clock of the event loop (``time.monotonic()``)."""

import math
import time
from datetime import UTC, datetime

from workers.backend import classify
from workers.backend.values import Limits
from workers.outcomes import AttemptFailed, Cause

#: A timer of the event loop may go off this much before its moment.
EARLY_SECONDS = 0.01


class Clock:
    """An attempt's limits as moments. Loading stops the attempt's clock, not the deadline's.

    Raises AttemptFailed (final) when the deadline has passed already.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.began = self.started = time.monotonic()
        self.deadline = _monotonic(limits.deadline)
        if self.deadline <= self.started:
            raise classify.failure(Cause.DEADLINE_PASSED)

    @property
    def end(self) -> float:
        return min(self.started + self.limits.timeout_seconds, self.deadline)

    @property
    def load_end(self) -> float:
        return min(time.monotonic() + self.limits.load_timeout_seconds, self.deadline)

    @property
    def token_end(self) -> float | None:
        """By when the next token is due; None when there is no such limit."""
        limit = self.limits.first_token_timeout_seconds
        return None if limit is None else time.monotonic() + limit

    def restart(self) -> None:
        """Begin the attempt's time now: what was before was loading."""
        self.started = time.monotonic()

    def expired(self, cause: Cause) -> AttemptFailed:
        """The failure when a limit ended the work: ``cause``, unless it was the deadline."""
        spent = time.monotonic() >= self.deadline - EARLY_SECONDS
        return classify.failure(Cause.OUT_OF_TIME if spent else cause)


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _monotonic(deadline: datetime | float | None) -> float:
    if deadline is None:
        return math.inf
    if isinstance(deadline, datetime):
        return time.monotonic() + (deadline - datetime.now(UTC)).total_seconds()
    return deadline
