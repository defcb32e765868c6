"""The Celery tasks: one for each registered task type, under its own explicit name."""

import logging
from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from django.utils import timezone

from llmconfig.audit.retention import entries_prune
from llmconfig.database.faults import FAULT_CLASSES, cause_text, kind_of
from llmconfig.database.outages import outage_log
from workers import task_types
from workers.execution.runner import run_deliver
from workers.process.receive import run_of_message
from workers.process.retention import PRUNE_TASK, leftovers_prune, runs_prune

logger = logging.getLogger(__name__)

#: After a fault of the database a message comes again so soon; after many more seldom.
DATABASE_RETRY_SECONDS = 5
SELDOM_AFTER, SELDOM_SECONDS = 100, 60
#: About a day, like the longest deadline. The sweeper sends what waits in a row; only a message
#: that had no row yet is lost.
MOST_RETRIES = 1500


def deliver(self: "Task[Any, Any]", /, run_id: object = None, **message: Any) -> None:
    """Receive ``(run_id)``, or ``(task_type=, payload=, user_id=)`` from who has no run."""
    try:
        found = run_of_message(self.request, self.name, run_id, message)
        delay_seconds = None if found is None else run_deliver(found)
    except FAULT_CLASSES as error:
        if kind_of(error) is None:
            raise
        outage_log.fault(error)
        # Celery acknowledges what fails: without this the message would be gone.
        raise _later(self, error) from error
    if delay_seconds is not None:
        raise self.retry(countdown=delay_seconds, queue=_queue_of(self.request))


def _later(task: "Task[Any, Any]", error: Exception) -> Exception:
    """Have the message come again; what is to be raised for that."""
    tries = task.request.retries or 0
    if tries >= MOST_RETRIES:
        logger.error("Message %s is dropped: %s", task.request.id, cause_text(error))
        return error
    seconds = DATABASE_RETRY_SECONDS if tries < SELDOM_AFTER else SELDOM_SECONDS
    return task.retry(exc=error, countdown=seconds, queue=_queue_of(task.request), throw=False)


def _queue_of(request: Any) -> str:
    """Where the message came from, which may be the ``.low`` twin."""
    return str(request.delivery_info["routing_key"])


for _task_type in task_types.registered():
    shared_task(name=_task_type.celery_name, bind=True, max_retries=None)(deliver)


@shared_task(name=PRUNE_TASK)
def prune() -> None:
    """Beat's daily call."""
    before = timezone.now() - timedelta(days=settings.RUN_RETENTION_DAYS)
    runs_prune(before)
    leftovers_prune(before)
    entries_prune(timezone.now() - timedelta(days=settings.AUDIT_RETENTION_DAYS))
