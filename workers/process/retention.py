"""How long ended runs are kept: ``RUN_RETENTION_DAYS`` (90 by default), then they are deleted.

Runs go with their attempts, a few hundred in one transaction. An open run is never deleted, nor is
one that another run is part of: children go first. A run that stands for an idempotency key is kept
for fifteen days at least, or its weekly report would be made again.
"""

from datetime import datetime, timedelta

from django.core.management import call_command
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from workers.messaging.queues import queue_name, task_routes
from workers.process import extensions
from workers.runs.models import TaskRun
from workers.runs.states import FINAL
from workers.submission.idempotency import answers_prune

#: The Celery task that beat sends once a day, and where it waits.
PRUNE_TASK = "llm.prune"
task_routes[PRUNE_TASK] = queue_name("TASK_TYPE_TEXT_GENERATION", "low")
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
    """Delete what is kept beside runs and not counted: expired answers of idempotency keys, what
    apps keep from before a moment, and expired sessions of browsers."""
    answers_prune()
    for prune in extensions.prunings:
        prune(before)
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
