"""Status of queues, workers, breakers and mails, from the database."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import Count, DurationField, ExpressionWrapper, F, Max
from django.db.models.functions import Now

from config.status.facts import BreakerFacts, PermitFacts, QueueFacts, Stored, WorkerFacts
from workers.gates.breakers import State, state_of, with_state
from workers.gates.pauses import LOW, queue_names
from workers.gates.permits.selectors import PoolState, pool_states
from workers.models import Breaker, Pause, TaskRun
from workers.process.registry.selectors import nodes
from workers.runs.states import NodeState, Status

WAITING = (Status.PENDING, Status.QUEUED, Status.RETRYING)


def stored_take() -> Stored:
    """Look. For a thread of its own: the connection is given back."""
    try:
        workers = tuple(map(_worker, nodes().exclude(state=NodeState.STOPPED)))
        live = Counter(
            queue for worker in workers if worker.state == NodeState.LIVE for queue in worker.queues
        )
        return Stored(
            queues=tuple(_queues(live)),
            workers=workers,
            breakers=tuple(map(_breaker, _open())),
            permits=tuple(map(_permits, pool_states())),
            mail_problem=_mail_problem(),
        )
    finally:
        connection.close()


def _mail_problem() -> str | None:
    """None where no mails are sent."""
    if not (apps.is_installed("workers.reports") and settings.REPORT_MAIL):
        return None
    from workers.reports.delivery.stuck import mails_stuck

    return str(mails_stuck() or "")


def _queues(live: Mapping[str, int]) -> list[QueueFacts]:
    waits = ExpressionWrapper(Now() - F("available_at"), output_field=DurationField())
    waiting = TaskRun.objects.filter(
        status__in=WAITING, available_at__lte=Now(), deadline__gt=Now()
    )
    counted = waiting.order_by().values("queue").annotate(depth=Count("pk"), oldest=Max(waits))
    by_queue: dict[str, Any] = {each["queue"]: each for each in counted}
    paused = set(Pause.objects.filter(kind=Pause.Kind.QUEUE).values_list("name", flat=True))
    return [
        QueueFacts(
            name=name,
            depth=by_queue[name]["depth"] if name in by_queue else 0,
            oldest_waiting_seconds=(
                int(by_queue[name]["oldest"].total_seconds()) if name in by_queue else None
            ),
            paused=bool({name, name.removesuffix(LOW)} & paused),
            live_workers=live.get(name, 0),
        )
        for name in queue_names()
    ]


def _worker(node: Any) -> WorkerFacts:
    return WorkerFacts(
        name=node.name,
        state=str(node.state),
        queues=tuple(node.queues),
        silent_seconds=int(node.silence.total_seconds()),
    )


def _open() -> Any:
    return with_state(Breaker.objects.filter(open_until__isnull=False)).order_by("host", "model")


def _breaker(row: Any) -> BreakerFacts:
    return BreakerFacts(
        host=row.host,
        model=row.model,
        state=str(State(state_of(row))),
        failures=row.failures,
        last_reason=row.last_reason,
    )


def _permits(pool: PoolState) -> PermitFacts:
    return PermitFacts(
        host=pool.host,
        model=pool.model,
        permits=pool.permits,
        stated=pool.stated is not None,
        held=pool.held,
        waiting=pool.waiting,
    )
