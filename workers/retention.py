"""How long ended runs are kept: ``RUN_RETENTION_DAYS`` (90 by default), then they are deleted.

Runs go with their attempts, a few hundred in one transaction. An open run is never deleted, nor is
one that another run is part of: children go first. A run that stands for an idempotency key is kept
for fifteen days at least, or its weekly report would be made again.
"""

from datetime import datetime, timedelta

from django.core.management import call_command
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from workers.idempotency import answers_prune
from workers.models import TaskRun
from workers.reports.fan_out import fan_outs_prune
from workers.states import FINAL

#: The Celery task that beat sends once a day.
PRUNE_TASK = "llm.prune"
BATCH = 500
KEYS_KEPT = timedelta(days=15)


def runs_prune(before: datetime) -> int:
    """Delete the runs that ended before a moment; their number."""
    childless = TaskRun.objects.filter(_ended(before), ~_has(TaskRun.objects.all()))
    oldest = childless.order_by("created_at").values_list("pk", flat=True)[:BATCH]
    deleted = 0
    while batch := list(oldest.all()):
        # Not with their payloads: 500 may be 100 MB.
        _total, counts = TaskRun.objects.filter(pk__in=batch).only("pk").delete()
        deleted += counts.get(TaskRun._meta.label, 0)
    return deleted


def leftovers_prune(before: datetime) -> None:
    """Delete what is kept beside runs and counted by nobody: answers whose keys count no more, how
    the making of reports went before a moment, and sessions of browsers that have expired."""
    answers_prune()
    fan_outs_prune(before)
    call_command("clearsessions")


def runs_prunable(before: datetime) -> int:
    """How many runs ``runs_prune`` would delete."""
    kept = TaskRun.objects.exclude(_ended(before))
    return TaskRun.objects.filter(_ended(before), ~_has(kept)).count()


def _ended(before: datetime) -> Q:
    # What ended before was created before: the newest have an index.
    old = Q(status__in=FINAL, finished_at__lt=before, created_at__lt=before)
    keyless = Q(idempotency_key=None) | Q(created_at__lt=timezone.now() - KEYS_KEPT)
    return old & keyless


def _has(children: QuerySet[TaskRun]) -> Exists:
    return Exists(children.filter(parent=OuterRef("pk")))
