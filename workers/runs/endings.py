"""Final states of runs that no delivery works on, or that are taken from one.

By cancel, deadline, too many lost workers, or a message that makes no sense.
"""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from workers.runs.final_error import error_of
from workers.runs.models import TaskRun
from workers.runs.run_log import run_log
from workers.runs.signals import changed, run_ended
from workers.runs.states import Status


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
    transaction.on_commit(partial(run_log, run, status, attempts))
    run_ended.send(sender=None, run=run, status=status)
    changed(run.pk)
