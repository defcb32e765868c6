"""Resubmit: a run's work again, as a new run."""

from collections.abc import Callable

from django.utils import timezone

from workers import task_types
from workers.runs.errors import RunNotFinished
from workers.runs.models import TaskRun
from workers.runs.states import FINAL
from workers.submission.enqueue import enqueue


def run_retry(run: TaskRun, admit: Callable[[], object] | None = None) -> TaskRun:
    """A new run of the same work for the same user, with ``retry_of``; the configuration is
    resolved anew. ``admit`` may refuse it, as for ``enqueue``. Raises ``RunNotFinished``, and what
    ``enqueue`` and the task type raise."""
    status = run.status_at(timezone.now())
    if status not in FINAL:
        raise RunNotFinished(status)
    kind = task_types.get(run.task_type)
    if kind and kind.again and (again := kind.again(run, admit)):
        return again
    return enqueue(
        task_type=run.task_type,
        payload=run.payload,
        user_id=run.user_id,
        priority=run.priority,
        metadata=run.metadata,
        retry_of=run,
        admit=admit,
    )
