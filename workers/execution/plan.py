"""Plan of a run: retry, fall back, park or stop, decided from configuration, attempts and
conditions.

Pure: it never acts. Primary first. ``transient`` is tried again after a back-off (full jitter: a
uniform draw from 0 to base × 2ⁿ, capped; "Exponential Backoff and Jitter", AWS Architecture Blog,
2015) up to ``max_retries`` times per model, then the fallback takes over with the same retries.
``slow`` and ``unusable`` go to the fallback at once; without one, ``slow`` counts as ``transient``
and ``unusable`` ends the run. ``rejected`` and ``final`` end it, ``host`` parks it.
An attempt that only waited in the server's queue waits for a permit again.

A model whose breaker is open is passed over for the other; where that leaves none, the run is
parked until one of them may be tried. A model that could not be loaded just now is passed over only
where the other one may be called. A pause of what would be called next parks it too.

Time is divided so that the fallback has its turn: while one is left, an attempt on the primary may
use what remains to the deadline less a reserve, the smaller of ``timeout_seconds`` and half of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llmconfig.values.model_names import normalise_model
from llmconfig.values.types import ResolvedConfig
from workers.execution.candidates import Past, View, attempts_of, candidates, passed_over, tries
from workers.runs.obstacles import Kind, Obstacle
from workers.runs.outcomes import Cause, Outcome

__all__ = ["Park", "Past", "RetryLater", "Step", "Stop", "Try", "View", "first_step", "next_step"]

BACKOFF_BASE_SECONDS = 1.0
BACKOFF_CAP_SECONDS = 30.0

#: Draws the jitter: a number from 0 to its argument.
Draw = Callable[[float], float]


@dataclass(frozen=True, kw_only=True)
class Try:
    """Call this model now. It has ``budget_seconds`` for loading and answering together."""

    model: str
    is_fallback: bool
    timeout_seconds: float
    budget_seconds: float
    #: Whose turn it was, but for an open breaker.
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RetryLater:
    """Call the same model again after a delay."""

    model: str
    delay_seconds: float


@dataclass(frozen=True, kw_only=True)
class Park:
    """Wait in the database until the obstacle is gone."""

    obstacle: Obstacle
    #: Whose turn it was, without being called.
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stop:
    """End without a result; ``code`` is the error's stable word."""

    code: str
    #: The model that may not be called, where that is why.
    model: str = ""


Step = Try | RetryLater | Park | Stop


def first_step(config: ResolvedConfig, past: Sequence[Past], view: View) -> Step:
    """What a delivery begins with: the wait before it, if there was one, is over."""
    attempts = attempts_of(past)
    return _ended(attempts, view) or _turn(config, past, view, candidates(config, past, view))


def next_step(config: ResolvedConfig, past: Sequence[Past], view: View, *, draw: Draw) -> Step:
    """What follows the last attempt."""
    attempts = attempts_of(past)
    if ended := _ended(attempts, view):
        return ended
    last, left = attempts[-1], candidates(config, past, view)
    if last.cause is Cause.SERVER_QUEUE:
        return Park(obstacle=Obstacle.permit(view.host, last.model))
    if last.outcome is Outcome.HOST:
        return Park(obstacle=Obstacle(Kind.HOST, (view.host,)))
    step = _turn(config, past, view, left)
    if not isinstance(step, Try) or step.model != last.model:
        return step
    delay = _delay(last, tries(attempts, last.model), draw)
    if delay >= step.budget_seconds:
        return _turn(config, past, view, [model for model in left if model != last.model])
    return RetryLater(model=last.model, delay_seconds=delay)


def _ended(attempts: Sequence[Past], view: View) -> Stop | None:
    last = attempts[-1] if attempts else None
    if view.remaining_seconds <= 0 or (last and last.cause is Cause.DEADLINE_PASSED):
        return Stop(code="deadline_exceeded")
    if last and last.outcome is Outcome.REJECTED:
        return Stop(code="rejected")
    return Stop(code="cancelled") if last and last.outcome is Outcome.FINAL else None


def _turn(config: ResolvedConfig, past: Sequence[Past], view: View, left: Sequence[str]) -> Step:
    """Whose turn it is, without a wait before it."""
    if not left:
        return _exhausted(past)
    if left[0] in view.forbidden:
        return Stop(code="model_not_allowed", model=left[0])
    allowed = [model for model in left if model not in view.forbidden]
    skipped = tuple(passed_over(allowed, view))
    if len(skipped) == len(allowed):
        return Park(obstacle=_breakers(skipped), skipped=skipped)
    model = next(model for model in allowed if model not in skipped)
    before = skipped if model != allowed[0] else ()
    if obstacle := _obstacle(model, view, before):
        return Park(obstacle=obstacle, skipped=(*before, model))
    return _try(config, model, view, allowed, before)


def _exhausted(past: Sequence[Past]) -> Stop:
    overflowed = attempts_of(past)[-1].cause is Cause.CONTEXT_OVERFLOW
    return Stop(code=str(Cause.CONTEXT_OVERFLOW) if overflowed else "all_attempts_failed")


def _obstacle(model: str, view: View, skipped: tuple[str, ...]) -> Obstacle | None:
    if view.paused_queue:
        return Obstacle(Kind.QUEUE, (view.paused_queue,))
    if model in view.paused_models:
        # A model that was passed over comes back by itself, a paused one when somebody says so.
        return _breakers(skipped) if skipped else Obstacle(Kind.MODEL, (normalise_model(model),))
    return Obstacle(Kind.HOST, (view.host,)) if view.host_is_down else None


def _breakers(models: Sequence[str]) -> Obstacle:
    return Obstacle(Kind.BREAKER, tuple(map(normalise_model, models)))


def _try(
    config: ResolvedConfig, model: str, view: View, allowed: Sequence[str], skipped: tuple[str, ...]
) -> Try:
    remaining, is_fallback = view.remaining_seconds, model != config.model
    has_fallback = not is_fallback and len(allowed) > 1
    reserve = min(config.timeout_seconds, remaining / 2) if has_fallback else 0.0
    budget = remaining - reserve
    return Try(
        model=model,
        is_fallback=is_fallback,
        timeout_seconds=min(config.timeout_seconds, budget),
        budget_seconds=budget,
        skipped=skipped,
    )


def _delay(last: Past, tried: int, draw: Draw) -> float:
    limit = min(BACKOFF_CAP_SECONDS, BACKOFF_BASE_SECONDS * 2 ** (tried - 1))
    return max(draw(limit), last.retry_after_seconds or 0.0)
