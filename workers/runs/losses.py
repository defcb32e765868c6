"""Requeues runs whose lease expired; fails them after three lost workers.

A worker that dies stops renewing its lease. When the lease has run out, the run waits again, and
the loss is counted. A run that outlived ``MOST_LOSSES`` workers is likely what kills them: it ends.
Normal retries, runs that a stopping worker hands back and cancelled ones are no losses.
"""

import logging

from django.db.models import F, QuerySet
from django.db.models.functions import Now

from workers.runs.endings import run_end
from workers.runs.models import TaskRun
from workers.runs.signals import leases_lost
from workers.runs.states import Status

logger = logging.getLogger(__name__)

MOST_LOSSES = 3


def runs_reclaim(runs: QuerySet[TaskRun]) -> int:
    """Of these runs, take those whose lease has run out from their worker; how many wait again.

    Call it in a transaction.
    """
    orphaned = runs.filter(status=Status.RUNNING, lease_expires_at__lt=Now())
    for run in orphaned.filter(losses__gte=MOST_LOSSES - 1).select_for_update(skip_locked=True):
        run_end(run, Status.FAILED, "worker_lost", losses=run.losses + 1)
        leases_lost.send(sender=None, count=1)
        logger.error("Run %s ends: its worker died %s times", run.pk, run.losses + 1)
    waiting = orphaned.filter(losses__lt=MOST_LOSSES - 1).update(
        status=Status.RETRYING,
        claim_token=None,
        lease_expires_at=None,
        permit=None,
        available_at=Now(),
        published_at=None,
        losses=F("losses") + 1,
    )
    if waiting:
        leases_lost.send(sender=None, count=waiting)
        logger.warning("%s runs lost their worker and wait again", waiting)
    return waiting
