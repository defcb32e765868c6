"""What a run does next, decided from its configuration and its attempts. Pure: it never acts.

Primary first. ``transient`` is tried again after a back-off (full jitter: a uniform draw from 0 to
base × 2ⁿ, capped; "Exponential Backoff and Jitter", AWS Architecture Blog, 2015) up to
``max_retries`` times per model, then the fallback takes over with the same retries. ``slow`` and
``unusable`` go to the fallback at once; without one left, ``slow`` counts as ``transient`` and
``unusable`` ends the run. ``rejected`` and ``final`` end it, ``host`` parks it.

Time is divided so that the fallback has its turn: while one is left, an attempt on the primary may
use what remains to the deadline less a reserve, the smaller of ``timeout_seconds`` and half of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llmconfig.types import ResolvedConfig
from workers.outcomes import Outcome

BACKOFF_BASE_SECONDS = 1.0
BACKOFF_CAP_SECONDS = 30.0

#: Draws the jitter: a number from 0 to its argument.
Draw = Callable[[float], float]


@dataclass(frozen=True, kw_only=True)
class Past:
    """One attempt that has ended."""

    model: str
    outcome: Outcome
    retry_after_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Try:
    """Call this model now. It has ``budget_seconds`` for loading and answering together."""

    model: str
    is_fallback: bool
    timeout_seconds: float
    budget_seconds: float


@dataclass(frozen=True, kw_only=True)
class RetryLater:
    """Call the same model again after a delay."""

    model: str
    delay_seconds: float


@dataclass(frozen=True, kw_only=True)
class Park:
    """Wait in the database until the host answers again."""


@dataclass(frozen=True, kw_only=True)
class Stop:
    """End without a result; ``code`` is the error's stable word."""

    code: str


Step = Try | RetryLater | Park | Stop


def first_step(config: ResolvedConfig, past: Sequence[Past], remaining_seconds: float) -> Step:
    """What a delivery begins with: the back-off before it, if there was one, is over."""
    step = next_step(config, past, remaining_seconds, draw=lambda _limit: 0.0)
    if isinstance(step, RetryLater):
        return _try(config, step.model, remaining_seconds)
    if isinstance(step, Park):
        return _try(config, past[-1].model, remaining_seconds)
    return step


def next_step(
    config: ResolvedConfig, past: Sequence[Past], remaining_seconds: float, *, draw: Draw
) -> Step:
    """What follows the last attempt. ``remaining_seconds`` is the time to the run's deadline."""
    if remaining_seconds <= 0:
        return Stop(code="deadline_exceeded")
    if not past:
        return _try(config, config.model, remaining_seconds)
    last = past[-1]
    match last.outcome:
        case Outcome.HOST:
            return Park()
        case Outcome.REJECTED:
            return Stop(code="rejected")
        case Outcome.TRANSIENT:
            return _again(config, past, remaining_seconds, draw)
        case Outcome.SLOW if _fallback_after(config, last.model) is None:
            return _again(config, past, remaining_seconds, draw)
        case Outcome.SLOW | Outcome.UNUSABLE | Outcome.SKIPPED:
            return _to_fallback(config, last.model, remaining_seconds)
        case _:
            return Stop(code="cancelled")


def _fallback_after(config: ResolvedConfig, model: str) -> str | None:
    if model == config.model and config.fallback_model:
        return config.fallback_model
    return None


def _try(config: ResolvedConfig, model: str, remaining: float) -> Try:
    has_fallback = _fallback_after(config, model) is not None
    reserve = min(config.timeout_seconds, remaining / 2) if has_fallback else 0.0
    budget = remaining - reserve
    return Try(
        model=model,
        is_fallback=model != config.model,
        timeout_seconds=min(config.timeout_seconds, budget),
        budget_seconds=budget,
    )


def _to_fallback(config: ResolvedConfig, model: str, remaining: float) -> Step:
    fallback = _fallback_after(config, model)
    return _try(config, fallback, remaining) if fallback else Stop(code="all_attempts_failed")


def _again(config: ResolvedConfig, past: Sequence[Past], remaining: float, draw: Draw) -> Step:
    last = past[-1]
    retries = sum(1 for p in past if p.model == last.model and p.outcome in _RETRIED) - 1
    if retries >= config.max_retries:
        return _to_fallback(config, last.model, remaining)
    limit = min(BACKOFF_CAP_SECONDS, BACKOFF_BASE_SECONDS * 2**retries)
    delay = max(draw(limit), last.retry_after_seconds or 0.0)
    if delay >= _try(config, last.model, remaining).budget_seconds:
        return _to_fallback(config, last.model, remaining)
    return RetryLater(model=last.model, delay_seconds=delay)


_RETRIED = frozenset({Outcome.TRANSIENT, Outcome.SLOW})
