"""State changes by a delivery: the run's end or its next wait, under the claim.

Each returns False where the claim was lost, and nothing was written.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from workers.runs.claims import Claim, claim_end
from workers.runs.final_error import error_of
from workers.runs.models import Attempt, TaskRun
from workers.runs.obstacles import Obstacle
from workers.runs.run_log import run_log
from workers.runs.signals import run_ended
from workers.runs.states import Status


def run_retry_later(claim: Claim, delay_seconds: float, *, celery_waits: bool) -> bool:
    """The run waits for a back-off. ``celery_waits``: Celery's own retry is on its way, so that the
    sweeper need not send another message."""
    ready = Now() + timedelta(seconds=delay_seconds)
    return _wait(claim, available_at=ready, published_at=ready if celery_waits else None)


def run_park(claim: Claim, obstacle: Obstacle) -> bool:
    """The run waits in its row until ``obstacle`` is gone."""
    return _wait(claim, parked_on=str(obstacle))


def run_stop(
    claim: Claim, run: TaskRun, code: str, attempts: Sequence[Attempt], *, model: str = ""
) -> bool:
    """The run ends without a result; expired where its deadline passed."""
    status = Status.EXPIRED if code == "deadline_exceeded" else Status.FAILED
    return _end(claim, run, status, attempts, error=error_of(code, attempts, model=model))


def run_succeed(
    claim: Claim,
    run: TaskRun,
    result: dict[str, Any],
    attempts: Sequence[Attempt],
    *,
    model: str,
    is_fallback: bool,
) -> bool:
    """The run ends with the result of the last attempt, made by ``model``, and its notes."""
    return _end(
        claim,
        run,
        Status.SUCCEEDED,
        attempts,
        result=result,
        notes=run.notes,
        model_used=model,
        fallback_used=is_fallback,
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
        transaction.on_commit(lambda: run_log(run, status, attempts, model))
        run_ended.send(sender=None, run=run, status=status)
    return ended
