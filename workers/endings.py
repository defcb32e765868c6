"""Ending a run that nobody works on, or taking it from who does.

By cancel, deadline, too many lost workers, or a message that makes no sense.
"""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from workers.events.publisher import changed
from workers.explanations import error_of
from workers.metrics import book
from workers.models import TaskRun
from workers.parents import child_ended
from workers.run_log import run_log
from workers.states import Status


def run_end(run: TaskRun, status: Status, code: str, *, opening: str = "", **fields: Any) -> None:
    """Write the final state of a run whose row is locked, and take it from whoever claims it.

    ``opening``: see `error_of`.
    """
    attempts = list(run.attempts.all())
    TaskRun.objects.filter(pk=run.pk).update(
        status=status,
        finished_at=Now(),
        claim_token=None,
        lease_expires_at=None,
        permit=None,
        parked_on="",
        error=error_of(code, attempts, opening=opening),
        **fields,
    )
    transaction.on_commit(partial(book.run_ended, run.task_type, status))
    transaction.on_commit(partial(run_log, run, status, attempts))
    child_ended(run)
    changed(run.pk)
