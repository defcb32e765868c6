"""Wakes up what no message will: the second leg of "the row is the truth".

Every worker looks once a second, one at a time over all of them (an advisory lock). Rows whose
worker is gone wait again; rows past their deadline end; queued rows whose queue is empty have lost
their message and wait again. Then everything that waits and is due is published.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import connection, models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from workers import task_types
from workers.explanations import error_of
from workers.models import TaskRun
from workers.publish import BROKER_AWAY, run_send
from workers.states import OPEN, Status
from workers.ticking import Ticker

logger = logging.getLogger(__name__)

BATCH = 100
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


class Sweeper(Ticker):
    """The worker's thread that sweeps until it is stopped."""

    def __init__(self) -> None:
        super().__init__("sweeper")

    def tick(self) -> None:
        sweep()
