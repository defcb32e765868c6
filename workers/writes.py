"""What a delivery writes on its run: its end or its next wait, under the claim.

Each returns False where the claim was lost, and nothing was written.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from workers import plan
from workers.claims import Claim, claim_end
from workers.explanations import error_of
from workers.metrics import book
from workers.models import Attempt, TaskRun
from workers.parents import child_ended
from workers.run_log import run_log
from workers.states import Status
from workers.task_types import Result

#: Longer waits stay in the row: a waiting message occupies its worker's memory.
LONGEST_CELERY_WAIT_SECONDS = 30.0


def celery_waits(step: plan.RetryLater) -> bool:
    """Whether Celery brings the run back itself after this back-off."""
    return step.delay_seconds <= LONGEST_CELERY_WAIT_SECONDS


def step_write(claim: Claim, run: TaskRun, step: plan.Step, attempts: Sequence[Attempt]) -> bool:
    """The state that a step leads to; an attempt that follows at once leads to none."""
    match step:
        case plan.Try():
            return True
        case plan.RetryLater(delay_seconds=delay):
            ready = Now() + timedelta(seconds=delay)
            # While Celery's own retry is on its way, the sweeper need not send another.
            coming = ready if celery_waits(step) else None
            return _wait(claim, available_at=ready, published_at=coming)
        case plan.Park(obstacle=obstacle):
            return _wait(claim, parked_on=str(obstacle))
        case plan.Stop(code=code, model=model):
            late = code == "deadline_exceeded"
            status = Status.EXPIRED if late else Status.FAILED
            return _end(claim, run, status, attempts, error=error_of(code, attempts, model=model))


def run_succeed(
    claim: Claim, run: TaskRun, result: Result, step: plan.Try, attempts: Sequence[Attempt]
) -> bool:
    """The run ends with this result of the attempt that ``step`` led to, and its notes."""
    return _end(
        claim,
        run,
        Status.SUCCEEDED,
        attempts,
        result=result,
        notes=run.notes,
        model_used=step.model,
        fallback_used=step.is_fallback,
    )


def run_fail(claim: Claim, run: TaskRun, code: str, opening: str) -> bool:
    """The run ends for a reason beside the plan's."""
    attempts = list(run.attempts.all())
    error = error_of(code, attempts, opening=opening)
    return _end(claim, run, Status.FAILED, attempts, error=error)


def _wait(claim: Claim, **fields: Any) -> bool:
    return claim_end(claim, status=Status.RETRYING, **fields)


def _end(
    claim: Claim, run: TaskRun, status: Status, attempts: Sequence[Attempt], **fields: Any
) -> bool:
    ended = claim_end(claim, status=status, finished_at=timezone.now(), **fields)
    if ended:
        model = fields.get("model_used", "")
        transaction.on_commit(lambda: book.run_ended(run.task_type, status))
        transaction.on_commit(lambda: run_log(run, status, attempts, model))
        child_ended(run)
    return ended
