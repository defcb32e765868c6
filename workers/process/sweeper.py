"""Sweeper: republishes due rows that have no message (lost lease, lost message), ends expired ones.

One worker of all looks once a second, the leader (`workers.process.leadership`); an advisory lock
keeps two looks apart where two lead for a moment. Rows whose worker is gone wait again; rows past
their deadline end; queued rows whose queue is empty, or that later ones have overtaken, have lost
their message and wait again. A run whose parts are done waits no more. Then everything that waits
and is due is published.
"""

import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from os import EX_CONFIG
from typing import Any

from celery import current_app
from celery.worker import state
from django.db import connection, models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from llmconfig.cache import owed
from llmconfig.database.faults import FAULT_CLASSES, is_outage
from workers import task_types
from workers.background_thread import BackgroundThread
from workers.messaging.bulk_publish import runs_send
from workers.messaging.publish import BROKER_AWAY
from workers.process.installation import AWAY, ForeignRedis, broker_verify
from workers.process.leadership import Leadership
from workers.runs.endings import run_end
from workers.runs.losses import runs_reclaim
from workers.runs.models import TaskRun
from workers.runs.states import OPEN, Status
from workers.submission.parents import parents_release

logger = logging.getLogger(__name__)

BATCH = 100
#: What is published between two looks, so that none waits long for the next.
PUBLISHED_AT_ONCE = 2000
#: A retry that Celery brings is given this long to arrive.
RETRY_GRACE = timedelta(seconds=10)
#: A queued row of this age may have lost its message; an empty queue, or a run that was published
#: so much later and is at work already, proves it.
MESSAGE_GRACE = timedelta(seconds=5)
#: After an outage of the database its workers renew their leases before any is taken from them:
#: 10 s for a connection of the pool, 4 s for the pool's own next try.
OUTAGE_GRACE_SECONDS = 20.0
LOCK_KEY = 0x6C6C6D63  # "llmc"


def sweep(*, reclaim: bool = True) -> int:
    """One look; the number of runs published. ``reclaim``: take runs from workers that are gone."""
    with transaction.atomic():
        if not _alone():
            return 0
        if reclaim:
            runs_reclaim(TaskRun.objects.all())
        _expire()
        suspects = set(_long_queued().values_list("queue", flat=True))
    with suppress(*AWAY):
        # To publish needs the broker too, and logs that it is away.
        broker_verify()
    _reclaim_lost(suspects)
    parents_release(TaskRun.objects.all())
    owed.deliver()
    return _publish_due()


def _publish_due() -> int:
    # What a message does not need may be large.
    due = _due().only("task_type", "queue", "llm_config", "status", "available_at")
    try:
        return runs_send(list(due[:PUBLISHED_AT_ONCE]))
    except BROKER_AWAY:
        return 0


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK_KEY])
        return bool(cursor.fetchone()[0])


def _expire() -> None:
    """End what is past its deadline; a live worker ends its run itself."""
    late = TaskRun.objects.filter(status__in=OPEN, deadline__lte=Now())
    late = late.exclude(status=Status.RUNNING).prefetch_related("attempts")
    for run in late.select_for_update(skip_locked=True)[:BATCH]:
        run_end(run, Status.EXPIRED, "deadline_exceeded")


def _long_queued() -> models.QuerySet[TaskRun]:
    return TaskRun.objects.filter(status=Status.QUEUED, published_at__lt=Now() - MESSAGE_GRACE)


def _reclaim_lost(suspects: Iterable[str]) -> None:
    """Queued rows that lost their message wait again. One that a worker holds may be sent twice so;
    the claim lets it work once."""
    for queue in suspects:
        try:
            lost = _long_queued() if _is_empty(queue) else _overtaken(queue)
        except BROKER_AWAY:
            return
        lost.filter(queue=queue).update(status=Status.PENDING, published_at=None, permit=None)


def _overtaken(queue: str) -> models.QuerySet[TaskRun]:
    """Queues are first in, first out; a busy one may never be empty."""
    at_work = TaskRun.objects.filter(queue=queue, status=Status.RUNNING)
    newest = at_work.aggregate(newest=models.Max("published_at"))["newest"]
    if newest is None:
        return TaskRun.objects.none()
    return _long_queued().filter(published_at__lt=newest - MESSAGE_GRACE)


def _is_empty(queue: str) -> bool:
    with current_app.connection_for_read() as broker:
        channel: Any = broker.channel()
        is_redis = broker.transport.driver_type == "redis"
        try:
            # In Redis nothing is declared, and kombu 5.7 looks for the key without its prefix.
            declared = channel.queue_declare(queue=queue, passive=not is_redis)
        except broker.channel_errors:
            # RabbitMQ: the queue was deleted.
            return True
        return not declared.message_count


def _due() -> models.QuerySet[TaskRun]:
    quiet = Q(published_at__isnull=True) | Q(published_at__lt=Now() - RETRY_GRACE)
    known = [kind.name for kind in task_types.registered()]
    return TaskRun.objects.filter(
        quiet,
        status__in=[Status.PENDING, Status.RETRYING],
        available_at__lte=Now(),
        parked_on="",
        # Rows of a type that is not registered here are kept for a worker that knows it.
        task_type__in=known,
    ).order_by("available_at")


class Sweeper(BackgroundThread):
    """The worker's thread that sweeps until it is stopped."""

    def __init__(self) -> None:
        super().__init__("sweeper")
        self._leadership = Leadership("sweeper")
        self._reclaim_from = 0.0

    def run(self) -> None:
        super().run()
        try:
            self._leadership.release()
        except FAULT_CLASSES as error:
            # The lease runs out.
            logger.debug("The lease of the sweeper is not given back: %s", error)
        finally:
            connection.close()

    def tick(self) -> None:
        try:
            if self._leadership.take():
                sweep(reclaim=time.monotonic() >= self._reclaim_from)
        except FAULT_CLASSES as error:
            if is_outage(error):
                self._reclaim_from = time.monotonic() + OUTAGE_GRACE_SECONDS
            raise
        except ForeignRedis as error:
            # The worker takes messages of another installation.
            logger.critical("%s", error)
            state.should_stop = EX_CONFIG  # type: ignore[assignment]  # stated as None
