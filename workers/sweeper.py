"""Wakes up what no message will: the second leg of "the row is the truth".

Every worker looks once a second, one at a time over all of them (an advisory lock). Rows whose
worker is gone wait again; rows past their deadline end; queued rows whose queue is empty have lost
their message and wait again. Then everything that waits and is due is published. Apart from that,
a worker releases parked runs of its own queues once its model server answers, a few at a time.
"""

import logging
import threading
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from workers import backend, task_types
from workers.explanations import error_of
from workers.models import TaskRun
from workers.publish import BROKER_AWAY, run_send
from workers.states import OPEN, Status

logger = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
PROBE_EVERY_TICKS = 2
BATCH = 100
#: Parked runs come back this many at a time, so that their return is no storm.
RELEASED_AT_ONCE = 20
#: A retry that Celery brings is given this long to arrive.
RETRY_GRACE = timedelta(seconds=10)
#: A queued row of this age may have lost its message; an empty queue proves it.
MESSAGE_GRACE = timedelta(seconds=30)
LOCK_KEY = 0x6C6C6D63  # "llmc"


def sweep() -> int:
    """One look; the number of runs published."""
    with transaction.atomic():
        if not _alone():
            return 0
        _reclaim()
        _expire()
        suspects = set(_long_queued().values_list("queue", flat=True))
    _reclaim_lost(suspects)
    published = 0
    for run in _due()[:BATCH]:
        try:
            published += run_send(run)
        except BROKER_AWAY as error:
            logger.warning("The broker is away: %s", error)
            break
    return published


def release_parked(host: str, queues: Iterable[str]) -> int:
    """Let some runs parked in these queues be published, if the host answers; their number."""
    parked = TaskRun.objects.filter(status=Status.RETRYING, queue__in=list(queues))
    parked = parked.exclude(parked_on="")
    if not parked.exists():
        return 0
    connection.close()
    if backend.probe(host) is None:
        return 0
    oldest = parked.order_by("created_at").values_list("pk", flat=True)[:RELEASED_AT_ONCE]
    released = parked.filter(pk__in=list(oldest)).update(
        parked_on="", available_at=Now(), published_at=None
    )
    if released:
        logger.info("%s answers again: %s parked runs continue", host, released)
    return released


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK_KEY])
        return bool(cursor.fetchone()[0])


def _reclaim() -> None:
    """Runs whose worker stopped renewing its lease wait again."""
    orphaned = TaskRun.objects.filter(status=Status.RUNNING, lease_expires_at__lt=Now())
    lost = orphaned.update(
        status=Status.RETRYING,
        claim_token=None,
        lease_expires_at=None,
        available_at=Now(),
        published_at=None,
    )
    if lost:
        logger.warning("%s runs lost their worker and wait again", lost)


def _expire() -> None:
    """End what is past its deadline; a live worker ends its run itself."""
    late = TaskRun.objects.filter(status__in=OPEN, deadline__lte=Now())
    late = late.exclude(status=Status.RUNNING).prefetch_related("attempts")
    for run in late.select_for_update(skip_locked=True)[:BATCH]:
        TaskRun.objects.filter(pk=run.pk).update(
            status=Status.EXPIRED,
            finished_at=Now(),
            parked_on="",
            error=error_of("deadline_exceeded", run.attempts.all()),
        )


def _long_queued() -> models.QuerySet[TaskRun]:
    return TaskRun.objects.filter(status=Status.QUEUED, published_at__lt=Now() - MESSAGE_GRACE)


def _reclaim_lost(suspects: Iterable[str]) -> None:
    """Queued rows of empty queues wait again. A message that a worker holds may be sent twice so;
    the claim lets it work once."""
    for queue in suspects:
        try:
            empty = _is_empty(queue)
        except BROKER_AWAY:
            return
        if empty:
            _long_queued().filter(queue=queue).update(status=Status.PENDING, published_at=None)


def _is_empty(queue: str) -> bool:
    with current_app.connection_for_read() as broker:
        channel: Any = broker.channel()
        try:
            return not channel.queue_declare(queue=queue, passive=True).message_count
        except broker.channel_errors:
            # Redis has no key for an empty list.
            return True


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


class Sweeper(threading.Thread):
    """The worker's thread that sweeps until it is stopped. ``queues`` are those it consumes."""

    def __init__(self, queues: Iterable[str]) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._queues = tuple(queues)
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End after the current look."""
        self._stopped.set()

    def run(self) -> None:
        tick = 0
        while not self._stopped.wait(EVERY_SECONDS):
            tick += 1
            try:
                if tick % PROBE_EVERY_TICKS == 0:
                    release_parked(settings.OLLAMA_HOST, self._queues)
                sweep()
            except Exception:
                logger.warning("The sweep failed; trying again", exc_info=True)
            finally:
                connection.close()
