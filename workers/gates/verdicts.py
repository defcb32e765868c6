"""Verdict of an attempt on its model's health: the circuit breaker's input. Pure.

Only the server's own failures count: transport errors, 5xx, answers that are none, a load that does
not end, and silence beyond the system's limits. One user must not open a breaker for all others: a
limit, a deadline or a parameter of a run says nothing of the server, and a complete answer shows
that it works, whether or not it is of use to the run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from workers.runs.outcomes import Cause

#: A complete answer came, and was not what the run needs.
ANSWERED = frozenset({Cause.EMPTY, Cause.ONLY_THINKING, Cause.INVALID_OUTPUT})
FAILED = frozenset(
    {
        Cause.CONNECTION_LOST,
        Cause.SERVER_ERROR,
        Cause.STREAM_ERROR,
        Cause.BROKEN_ANSWER,
        Cause.REDIRECTED,
        Cause.NOT_DONE,
        # Stated in ``model_params``, never by a run.
        Cause.LOAD_TIMEOUT,
    }
)
#: A limit of the run ended it: the server failed if it was silent beyond the system's limits.
RAN_OUT = frozenset({Cause.SLOW_START, Cause.STALLED, Cause.TIMEOUT, Cause.OUT_OF_TIME})
#: A timer may go off so much before its moment.
EARLY_SECONDS = 0.05


class Verdict(Enum):
    """What the breaker of the attempt's (host, model) counts."""

    ANSWERED = "answered"
    FAILED = "failed"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class SystemLimits:
    """The limits of a run for which no user or request states any, in seconds."""

    timeout_seconds: float
    first_token_timeout_seconds: float | None = None

    def are_exceeded(self, *, silent_seconds: float, lasted_seconds: float) -> bool:
        """Whether a server that was silent at last, for so much of an attempt that lasted so long
        without its load, kept a run waiting for longer than the system has one wait.

        Without a limit between tokens, a server that stalled within the whole attempt's limit was
        silent for the larger part of it.
        """
        patience = self.first_token_timeout_seconds
        if patience is not None and silent_seconds >= patience - EARLY_SECONDS:
            return True
        limit = self.timeout_seconds
        return lasted_seconds >= limit - EARLY_SECONDS and silent_seconds >= limit / 2


def verdict_of(
    cause: Cause | None,
    limits: Callable[[], SystemLimits],
    *,
    silent_seconds: float | None,
    lasted_seconds: float,
) -> Verdict:
    """The verdict of an attempt that failed for this cause.

    ``silent_seconds``: without a token until its end; None while the model was still loading.
    """
    if cause in ANSWERED:
        return Verdict.ANSWERED
    if cause in FAILED:
        return Verdict.FAILED
    if cause not in RAN_OUT or silent_seconds is None:
        return Verdict.NONE
    is_late = limits().are_exceeded(silent_seconds=silent_seconds, lasted_seconds=lasted_seconds)
    return Verdict.FAILED if is_late else Verdict.NONE
