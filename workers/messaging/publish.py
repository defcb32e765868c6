"""Sending a run's wake-up message.

The row says ``queued`` before the message leaves, and what it said before when the broker did not
take it: a delivery that is faster than we are finds a row that it may claim, and two publishers
send one message.
"""

import logging
import time
import uuid
from typing import Any

import kombu.exceptions
from celery import Celery, current_app
from celery.exceptions import QueueNotFound
from django.db import connection
from django.db.models.functions import Now
from kombu.exceptions import ChannelError

from workers import task_types
from workers.messaging import header
from workers.runs.models import TaskRun
from workers.runs.signals import changed
from workers.runs.states import Status
from workers.task_types.names import celery_name

logger = logging.getLogger(__name__)

#: The broker is away. It is asked twice at most: the sweeper is the retry.
BROKER_AWAY = (
    kombu.exceptions.OperationalError,
    OSError,
    kombu.exceptions.BatchPublishError,  # type: ignore[attr-defined]  # newer than its stubs
)
RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
#: RabbitMQ's reply code for a message that no queue takes.
NO_ROUTE = 312
#: RabbitMQ may take a message and never confirm it.
CONFIRM_SECONDS = 2
#: A broker that hangs holds one request for some seconds, not each: the next ones leave their runs
#: to the sweeper for so long.
LEFT_ALONE_SECONDS = 5.0

_left_alone_until: dict[str, float] = {}
#: Brokers that took no message when one was last sent.
_away: set[str] = set()


def run_publish(run: TaskRun) -> None:
    """Publish if the broker takes it; the sweeper does it otherwise."""
    if broker_left_alone():
        return
    try:
        run_send(run)
    except BROKER_AWAY:
        broker_leave_alone()


def run_send(run: TaskRun) -> bool:
    """Publish a waiting run. False when there was nothing to send: somebody else did, or no queue
    takes it. Raises ``BROKER_AWAY``, with the row as it was before.
    """
    if not task_types.get(run.task_type) or not _announce(run):
        return False
    if not connection.in_atomic_block:
        # A broker that hangs must not hold a connection of the pool.
        connection.close()
    try:
        message_send(run)
    except QueueNotFound as error:
        logger.error("Run %s waits: %s", run.pk, error)
        _take_back(run)
        return False
    except BROKER_AWAY as error:
        outage_begin(error)
        _take_back(run)
        raise
    outage_end()
    run.status = Status.QUEUED
    return True


def message_send(run: TaskRun, producer: Any = None, *, retry: bool = True) -> None:
    """Send the message of a run whose row says ``queued``. Raises ``BROKER_AWAY`` and Celery's
    ``QueueNotFound``; the row is the caller's to take back.
    """
    app = celery_app()
    with app.producer_or_acquire(producer) as producer:
        try:
            app.send_task(producer=producer, retry=retry, **message_of(run))
        except ChannelError as error:
            if error.reply_code != NO_ROUTE:
                raise
            logger.warning(
                "The broker returned a message: queue %s was deleted; it is declared again",
                run.queue,
                extra={"action": "message_returned"},
            )
            # A new connection has declared nothing, and waits for no confirmation.
            producer.connection.collect()
            producer.revive(producer.connection)
            app.send_task(producer=producer, retry=retry, **message_of(run))


def message_of(run: TaskRun) -> dict[str, Any]:
    """What Celery is given to send."""
    return {
        "name": celery_name(run.task_type),
        "args": [str(run.pk)],
        "queue": run.queue,
        "headers": {header.KEY: run.llm_config},
        "task_id": str(uuid.uuid4()),
        "retry_policy": RETRY_POLICY,
        "confirm_timeout": CONFIRM_SECONDS,
        # RabbitMQ returns what no queue takes.
        "mandatory": True,
    }


def broker_left_alone() -> bool:
    """Whether the broker failed a moment ago, and requests do not ask it."""
    return time.monotonic() < _left_alone_until.get(_broker(), 0.0)


def broker_leave_alone() -> None:
    """Have requests leave their runs to the sweeper for a moment."""
    _left_alone_until[_broker()] = time.monotonic() + LEFT_ALONE_SECONDS


def outage_begin(error: Exception) -> None:
    """Log that the broker takes nothing, once for each outage."""
    if _broker() in _away:
        return
    _away.add(_broker())
    logger.warning(
        "The broker takes no messages (%s); runs are stored, and published when it does",
        error,
        extra={"action": "broker_away"},
    )


def outage_end() -> None:
    """The broker has taken a message."""
    if _broker() in _away:
        _away.discard(_broker())
        logger.info("The broker takes messages again", extra={"action": "broker_back"})


def celery_app() -> Celery:
    """The application itself, not its proxy."""
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def _broker() -> str:
    return str(celery_app().conf.broker_write_url)


def _announce(run: TaskRun) -> bool:
    waiting = TaskRun.objects.filter(
        pk=run.pk, status__in=(Status.PENDING, Status.RETRYING), parked_on=""
    )
    announced = waiting.update(status=Status.QUEUED, published_at=Now())
    if announced:
        changed(run.pk)
    return bool(announced)


def _take_back(run: TaskRun) -> None:
    TaskRun.objects.filter(pk=run.pk, status=Status.QUEUED).update(
        status=run.status, published_at=None
    )
    changed(run.pk)
