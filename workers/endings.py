"""Ending a run from outside its delivery: by cancel, deadline, or too many lost workers."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from workers.explanations import error_of
from workers.metrics import book
from workers.models import TaskRun
from workers.states import Status


def run_end(run: TaskRun, status: Status, code: str, **fields: Any) -> None:
    """Write the final state of a run whose row is locked, and take it from whoever claims it."""
    TaskRun.objects.filter(pk=run.pk).update(
        status=status,
        finished_at=Now(),
        claim_token=None,
        lease_expires_at=None,
        parked_on="",
        error=error_of(code, run.attempts.all()),
        **fields,
    )
    transaction.on_commit(partial(book.run_ended, run.task_type, status))
