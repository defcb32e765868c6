"""The Celery tasks: one for each registered task type, under its own explicit name."""

from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from django.utils import timezone

from llmconfig.audit.retention import entries_prune
from workers import task_types
from workers.deliveries import run_of_message
from workers.outages import DATABASE_AWAY
from workers.reports import fan_out
from workers.retention import PRUNE_TASK, leftovers_prune, runs_prune
from workers.runner import run_deliver

DATABASE_RETRY_SECONDS = 5


def deliver(self: "Task[Any, Any]", /, run_id: object = None, **message: Any) -> None:
    """Receive ``(run_id)``, or ``(task_type=, payload=, user_id=)`` from who has no run."""
    try:
        found = run_of_message(self.request, self.name, run_id, message)
        delay_seconds = None if found is None else run_deliver(found)
    except DATABASE_AWAY as error:
        # Celery acknowledges what fails: without this the message would be gone.
        queue = _queue_of(self.request)
        raise self.retry(exc=error, countdown=DATABASE_RETRY_SECONDS, queue=queue) from error
    if delay_seconds is not None:
        raise self.retry(countdown=delay_seconds, queue=_queue_of(self.request))


def _queue_of(request: Any) -> str:
    """Where the message came from, which may be the ``.low`` twin."""
    return str(request.delivery_info["routing_key"])


for _task_type in task_types.registered():
    shared_task(name=_task_type.celery_name, bind=True, max_retries=None)(deliver)


@shared_task(name=fan_out.FAN_OUT_TASK)
def enqueue_weekly_reports() -> None:
    """Beat's call, every quarter of an hour; a fan-out that has more to do calls itself."""
    begun = fan_out.fan_out_begin()
    if not fan_out.fan_out_run(begun, seconds=fan_out.DELIVERY_SECONDS):
        enqueue_weekly_reports.delay()


@shared_task(name=PRUNE_TASK)
def prune() -> None:
    """Beat's daily call."""
    before = timezone.now() - timedelta(days=settings.RUN_RETENTION_DAYS)
    runs_prune(before)
    leftovers_prune(before)
    entries_prune(timezone.now() - timedelta(days=settings.AUDIT_RETENTION_DAYS))
