"""When an attempt must have ended, on the wall clock of the event loop (``time.monotonic()``)."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from workers.backends.ollama import classify
from workers.backends.ollama.values import Limits
from workers.runs.outcomes import AttemptFailed, Cause

#: A timer of the event loop may go off this much before its moment.
EARLY_SECONDS = 0.01


class Clock:
    """An attempt's limits as one timeout, which moves with load and tokens.

    While the model loads, ``load_timeout_seconds`` counts from the request; from the end of the
    load, or from the beginning where the model was loaded already, the attempt's own limits do. The
    deadline holds throughout. Raises AttemptFailed (final) when it has passed already.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.began = self.asked_at = self._started = self._token_at = time.monotonic()
        self.deadline = _monotonic(limits.deadline)
        if self.deadline <= self.began:
            raise classify.failure(Cause.DEADLINE_PASSED)
        self.is_loading = False
        #: Whether `running` ended because a limit had passed.
        self.has_run_out = False
        self._waited_for_load = False
        self._timeout: asyncio.Timeout | None = None

    def ask(self, *, is_loaded: bool) -> None:
        """Begin the request; with ``is_loaded`` false, the load that it causes."""
        self.asked_at = self._token_at = time.monotonic()
        self.is_loading = self._waited_for_load = not is_loaded

    def loaded(self) -> None:
        """End the load: the attempt's own time begins now. Without a load it does nothing."""
        if self.is_loading:
            self.is_loading = False
            self._started = self._token_at = time.monotonic()
            self._move()

    def token(self) -> None:
        """Note a token, and move the next one's limit, where there is one."""
        self._token_at = time.monotonic()
        if self.limits.first_token_timeout_seconds is not None:
            self._move()

    @property
    def end(self) -> float:
        """When the attempt's own time is over, if no load is under way."""
        return min(self._started + self.limits.timeout_seconds, self.deadline)

    @property
    def load_seconds(self) -> float | None:
        """How long the load took, or has taken so far; None where there was none to wait for."""
        if not self._waited_for_load:
            return None
        return (time.monotonic() if self.is_loading else self._started) - self.asked_at

    @property
    def silent_seconds(self) -> float | None:
        """How long no token has come, loading not counted; None while the model loads."""
        return None if self.is_loading else time.monotonic() - self._token_at

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Raise TimeoutError from the block when a limit has passed."""
        timeout = asyncio.timeout_at(self._limit)
        try:
            async with timeout:
                self._timeout = timeout
                yield
        finally:
            self._timeout, self.has_run_out = None, timeout.expired()

    def expired(self, *, has_begun: bool) -> AttemptFailed:
        """The failure for the limit that has passed; ``has_begun``: a token had come."""
        now = time.monotonic() + EARLY_SECONDS
        if now >= self.deadline:
            return classify.failure(Cause.OUT_OF_TIME)
        if self.is_loading:
            return classify.failure(Cause.LOAD_TIMEOUT)
        if now >= self.end:
            return classify.failure(Cause.TIMEOUT)
        return classify.failure(Cause.STALLED if has_begun else Cause.SLOW_START)

    @property
    def _limit(self) -> float:
        if self.is_loading:
            return min(self.asked_at + self.limits.load_timeout_seconds, self.deadline)
        patience = self.limits.first_token_timeout_seconds
        return self.end if patience is None else min(self.end, self._token_at + patience)

    def _move(self) -> None:
        # One that goes off at this moment can no longer be moved.
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(self._limit)


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _monotonic(deadline: datetime | float | None) -> float:
    if deadline is None:
        return math.inf
    if isinstance(deadline, datetime):
        return time.monotonic() + (deadline - datetime.now(UTC)).total_seconds()
    return deadline
