"""Hands free permits on: wakes the runs that wait, normal ones before low ones, then the oldest.

A woken run's permit is reserved while its message is on the way, so that later arrivals do not
overtake it. A queue whose last wake-up has not been taken in that time is passed over until it is:
its workers are away or busy, and other queues can use the permit.
"""

import logging
from collections.abc import Sequence

from celery.exceptions import QueueNotFound
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from llmconfig.database.conflicts import conflicts_retried
from llmconfig.database.faults import FAULT_CLASSES, kind_of
from llmconfig.database.outages import outage_log
from workers import task_types
from workers.gates.permits.learning import may_probe, probes
from workers.gates.permits.pools import Pool, held_count, is_waited_for, pool_lock
from workers.messaging.publish import BROKER_AWAY, message_send, outage_begin
from workers.runs.claims import RESERVED_FOR
from workers.runs.models import TaskRun
from workers.runs.obstacles import Obstacle
from workers.runs.signals import changed
from workers.runs.states import Status

logger = logging.getLogger(__name__)


def permits_hand_on(host: str, model: str) -> int:
    """Wake the runs for which permits are free; their number. Raises nothing of the broker's or
    the database's: the worker's releaser looks again within a second."""
    try:
        if not is_waited_for(host, model):
            return 0
        return _send(_wake(host, model, _waiting(host, model)), host, model)
    except FAULT_CLASSES as error:
        if kind_of(error) is None:
            raise
        outage_log.fault(error)
        return 0


def _waiting(host: str, model: str) -> QuerySet[TaskRun]:
    obstacle = Obstacle.permit(host, model)
    # A run of a type that is not registered here is left to a worker that knows it.
    known = [kind.name for kind in task_types.registered()]
    return TaskRun.objects.filter(
        status=Status.RETRYING, parked_on=str(obstacle), deadline__gt=Now(), task_type__in=known
    )


@conflicts_retried
@transaction.atomic
def _wake(host: str, model: str, waiting: QuerySet[TaskRun]) -> list[TaskRun]:
    """Reserve permits for the first of those that wait."""
    pool = pool_lock(host, model)
    held = held_count(pool)
    free = pool.known.limit - held.open - held.reserved
    late = TaskRun.objects.filter(
        permit=pool.id, status=Status.QUEUED, published_at__lte=Now() - RESERVED_FOR
    )
    # "normal" sorts after "low"; the index run_parked has this order.
    # What a message does not need may be large.
    first = (
        waiting.only("task_type", "queue", "llm_config")
        .exclude(queue__in=late.values("queue"))
        .order_by("-priority", "created_at")
        .select_for_update(skip_locked=True)
    )
    if free > 0:
        chosen = list(first[:free])
    elif held.reserved == 0:
        # Only beside attempts that have begun: else it could not be known which of them waited.
        most = max(0, free + probes(pool.known))
        chosen = [run for run in first[:most] if _outlasts_a_wait(run, pool)]
    else:
        chosen = []
    TaskRun.objects.filter(pk__in=[run.pk for run in chosen]).update(
        status=Status.QUEUED, parked_on="", permit=pool.id, published_at=Now()
    )
    return chosen


def _outlasts_a_wait(run: TaskRun, pool: Pool) -> bool:
    stated = run.llm_config
    return may_probe(
        pool.known,
        timeout_seconds=stated.get("timeout_seconds") or 0.0,
        first_token_timeout_seconds=stated.get("first_token_timeout_seconds"),
    )


def _send(woken: Sequence[TaskRun], host: str, model: str) -> int:
    if woken and not connection.in_atomic_block:
        # A broker that hangs must not hold a connection of the pool.
        connection.close()
    for number, run in enumerate(woken):
        changed(run.pk)
        try:
            message_send(run)
        except (*BROKER_AWAY, QueueNotFound) as error:
            if isinstance(error, QueueNotFound):
                logger.error("Run %s waits: %s", run.pk, error)
            else:
                outage_begin(error)
            _park_again(woken[number:], host, model)
            return number
    return len(woken)


def _park_again(runs: Sequence[TaskRun], host: str, model: str) -> None:
    TaskRun.objects.filter(pk__in=[run.pk for run in runs], status=Status.QUEUED).update(
        status=Status.RETRYING,
        parked_on=str(Obstacle.permit(host, model)),
        permit=None,
        published_at=None,
    )
