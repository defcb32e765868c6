"""Publishing of many runs at once: the rules of ``workers.messaging.publish``, a chunk at a time.

A chunk's rows say ``queued`` before the first of its messages leaves, and what they said before
when the broker did not take them all: then some may have left, and the sweeper sends them again;
the claim lets a run work once. Over Redis a chunk is one round trip.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any
from uuid import UUID

from celery.exceptions import QueueNotFound
from django.db import connection, transaction
from django.db.models.functions import Now

from workers import task_types
from workers.messaging.publish import (
    BROKER_AWAY,
    broker_leave_alone,
    broker_left_alone,
    celery_app,
    message_send,
    outage_begin,
    outage_end,
)
from workers.runs.models import TaskRun
from workers.runs.signals import changed
from workers.runs.states import Status

logger = logging.getLogger(__name__)

#: Messages that leave together: enough to make the round trip cheap, few enough to send again.
CHUNK = 500


def runs_publish(runs: Iterable[TaskRun]) -> None:
    """Publish what the broker takes; the sweeper does the rest."""
    if broker_left_alone():
        return
    try:
        runs_send(runs)
    except BROKER_AWAY:
        broker_leave_alone()


def runs_send(runs: Iterable[TaskRun]) -> int:
    """Publish waiting runs; how many there were to publish: others send some, and for some there
    is no queue. Raises ``BROKER_AWAY``, with the rows of the chunk as they were before.
    """
    remaining, sent = iter(runs), 0
    while chunk := list(islice(remaining, CHUNK)):
        sent += _chunk_send(chunk)
    return sent


def _chunk_send(runs: Sequence[TaskRun]) -> int:
    before = _announce([run for run in runs if task_types.get(run.task_type)])
    if not connection.in_atomic_block:
        # A broker that hangs must not hold a connection of the pool.
        connection.close()
    if not before:
        return 0
    try:
        sent = _messages_send([run for run in runs if run.pk in before])
    except BROKER_AWAY as error:
        outage_begin(error)
        _take_back(before)
        raise
    outage_end()
    for run in sent:
        run.status = Status.QUEUED
    _take_back({pk: before[pk] for pk in before.keys() - {run.pk for run in sent}})
    return len(sent)


def _messages_send(runs: Sequence[TaskRun]) -> list[TaskRun]:
    """Those that were sent; the others have no queue."""
    sent = []
    with celery_app().producer_or_acquire() as producer, _batch(producer) as retry:
        for run in runs:
            try:
                message_send(run, producer, retry=retry)
            except QueueNotFound as error:
                logger.error("Run %s waits: %s", run.pk, error)
            else:
                sent.append(run)
    return sent


@contextmanager
def _batch(producer: Any) -> Iterator[bool]:
    """Have the producer keep its messages until the end, where the broker can take them at once.

    Yields whether each message is to be tried twice: a connection that is made anew in the middle
    would lose what was kept.
    """
    if not producer.supports_batch_publish:
        yield True
        return
    with producer.batch(CHUNK):
        yield False


def _announce(runs: Sequence[TaskRun]) -> dict[UUID, str]:
    """The runs that are ours to send, with their status until now."""
    waiting = TaskRun.objects.filter(
        pk__in=[run.pk for run in runs],
        status__in=(Status.PENDING, Status.RETRYING),
        parked_on="",
    )
    with transaction.atomic():
        # What others hold they send or end; to wait for each other in any order is to deadlock.
        free = waiting.select_for_update(skip_locked=True).values_list("pk", "status")
        before = dict(free)
        TaskRun.objects.filter(pk__in=before).update(status=Status.QUEUED, published_at=Now())
        changed(*before)
    return before


def _take_back(before: Mapping[UUID, str]) -> None:
    for status in set(before.values()):
        theirs = [pk for pk, each in before.items() if each == status]
        with transaction.atomic():
            queued = TaskRun.objects.filter(pk__in=theirs, status=Status.QUEUED)
            ours = list(queued.select_for_update().order_by("pk").values_list("pk", flat=True))
            TaskRun.objects.filter(pk__in=ours).update(status=status, published_at=None)
            changed(*ours)
