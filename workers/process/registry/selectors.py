"""Reads from the registry."""

from datetime import timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DurationField,
    ExpressionWrapper,
    F,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Now

from workers.process.models import WorkerNode
from workers.runs.states import NodeState

#: Three heartbeats.
GONE_AFTER = timedelta(seconds=30)


def nodes() -> QuerySet[Any]:
    """All registered workers, with ``state`` and ``silence`` (since the last heartbeat) by now."""
    return WorkerNode.objects.annotate(
        silence=ExpressionWrapper(Now() - F("seen_at"), output_field=DurationField()),
        state=Case(
            When(stopped_at__isnull=False, then=Value(str(NodeState.STOPPED))),
            When(seen_at__lt=Now() - GONE_AFTER, then=Value(str(NodeState.GONE))),
            default=Value(str(NodeState.LIVE)),
            output_field=CharField(),
        ),
    )


def nodes_live() -> QuerySet[Any]:
    """The workers whose last heartbeat is no older than 30 s, and that have not stopped."""
    return nodes().filter(state=NodeState.LIVE)
