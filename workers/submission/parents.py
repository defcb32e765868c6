"""Release of parent runs when their children have ended.

A parent is free when its last child has ended well, or the first has not. A transaction cannot see
siblings that commit beside it: each of the last two would leave the parent to the other. So the
parent is released by a statement after each child's commit, and the last of them finds it free.
Should a process die between the two, the sweeper finds it a second later.
"""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.dispatch import receiver

from workers.messaging.bulk_publish import runs_publish
from workers.runs.models import TaskRun
from workers.runs.obstacles import Kind
from workers.runs.signals import run_ended
from workers.runs.states import FAILED, OPEN, Status


@receiver(run_ended)
def _child_ended(run: TaskRun, **_: Any) -> None:
    """Release the run's parent, if it has one and that is free, after the commit."""
    if parent_id := run.parent_id:
        transaction.on_commit(lambda: _go_on(parent_id), robust=True)


def parents_release(parents: QuerySet[TaskRun]) -> int:
    """Have those of the parents that are free wait for a worker; how many."""
    children = TaskRun.objects.filter(parent=OuterRef("pk"))
    free = ~Exists(children.filter(status__in=OPEN)) | Exists(children.filter(status__in=FAILED))
    parked = parents.filter(status=Status.RETRYING, parked_on__startswith=f"{Kind.PARTS} ")
    return parked.filter(free).update(parked_on="", available_at=Now(), published_at=None)


def _go_on(parent_id: UUID) -> None:
    parent = TaskRun.objects.filter(pk=parent_id)
    if parents_release(parent):
        runs_publish(parent)
