"""Rows of attempts: written after each attempt, read by the plan."""

import copy

from django.conf import settings
from django.utils import timezone

from workers.execution.plan import Past
from workers.runs.models import Attempt, TaskRun
from workers.runs.outcomes import Cause, Outcome, one_line

#: Another release may have written causes that this one does not know.
CAUSES = frozenset(Cause)


def past_of(attempts: list[Attempt]) -> list[Past]:
    """The attempts as the plan sees them."""
    return [
        Past(
            model=attempt.model,
            outcome=Outcome(attempt.outcome),
            cause=Cause(attempt.cause) if attempt.cause in CAUSES else None,
            retry_after_seconds=attempt.retry_after_seconds,
        )
        for attempt in attempts
    ]


def invalid_reason(attempts: list[Attempt], model: str) -> str:
    """What was wrong with the last answer of a model that was not valid; "" where none was."""
    for attempt in reversed(attempts):
        if attempt.model == model and attempt.cause == Cause.INVALID_OUTPUT:
            return attempt.reason
    return ""


def attempt_save(attempt: Attempt, earlier: list[Attempt]) -> list[Attempt]:
    """Store an attempt under the next number; all attempts now. ``earlier`` is left as it is, so
    that a transaction which failed can be made again.

    A host that stays unreachable is one row with a growing count, not a row for every try.
    """
    last = earlier[-1] if earlier else None
    if last and attempt.outcome == Outcome.HOST and _same_absence(last, attempt):
        return _count_again(last, attempt, earlier)
    attempt.number = next_number(earlier)
    attempt.save(force_insert=True)
    return [*earlier, attempt]


def next_number(earlier: list[Attempt]) -> int:
    """The number of the attempt after these."""
    return 1 + max((attempt.number or 0 for attempt in earlier), default=0)


def note_save(
    run: TaskRun, model: str, outcome: Outcome, reason: str, earlier: list[Attempt]
) -> list[Attempt]:
    """Note that a model's turn came and it was not called; all attempts now.

    One row for each run and model, with a growing count. As ``host`` it stands for the attempt
    that would have found the host unreachable.
    """
    note = Attempt(
        run=run,
        model=model,
        host=settings.OLLAMA_HOST,
        outcome=outcome,
        reason=one_line(reason),
        started_at=timezone.now(),
        duration_ms=0,
    )
    if outcome is Outcome.HOST:
        return attempt_save(note, earlier)
    for noted in earlier:
        if _same(noted, note):
            return _count_again(noted, note, earlier)
    note.save(force_insert=True)
    return [*earlier, note]


def _count_again(row: Attempt, another: Attempt, earlier: list[Attempt]) -> list[Attempt]:
    again = copy.copy(row)
    again.count += 1
    again.duration_ms += another.duration_ms
    again.reason = another.reason
    again.save(update_fields=["count", "duration_ms", "reason"])
    return [again if a is row else a for a in earlier]


def _same_absence(one: Attempt, other: Attempt) -> bool:
    return _same(one, other) and Cause.SERVER_QUEUE not in (one.cause, other.cause)


def _same(one: Attempt, other: Attempt) -> bool:
    return (one.model, one.host, one.outcome) == (other.model, other.host, other.outcome)
