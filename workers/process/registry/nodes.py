"""Writes to the registry. A worker writes its own row alone; every time is the database's.

A row belongs to the process that registered it last (``instance``). Two processes of one node name
take it from each other, so that the row lives as long as either does.
"""

import uuid
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from workers.process.models import WorkerNode

KEPT = timedelta(days=1)


def node_register(*, name: str, instance: uuid.UUID, **announced: Any) -> None:
    """Make or take over the row of this name: the worker lives."""
    node = WorkerNode(
        name=name, instance=instance, started_at=Now(), seen_at=Now(), stopped_at=None, **announced
    )
    written = [field.name for field in WorkerNode._meta.fields if field.name not in ("id", "name")]
    WorkerNode.objects.bulk_create(
        [node], update_conflicts=True, unique_fields=["name"], update_fields=written
    )


def node_beat(*, name: str, instance: uuid.UUID, **changed: Any) -> bool:
    """Say that the worker lives, and what has changed. False: the row is not its own."""
    mine = WorkerNode.objects.filter(name=name, instance=instance)
    return bool(mine.update(seen_at=Now(), stopped_at=None, **changed))


def node_stop(*, name: str, instance: uuid.UUID) -> None:
    """Say that the worker ends, unless another process has the name by now."""
    mine = WorkerNode.objects.filter(name=name, instance=instance)
    mine.update(seen_at=Now(), stopped_at=Now())


def nodes_prune() -> int:
    """Forget the workers that were last seen more than a day ago; their number."""
    return WorkerNode.objects.filter(seen_at__lt=Now() - KEPT).delete()[0]
