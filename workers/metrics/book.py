"""Booking what happens. An attempt counts for the model that was called, not for the one wanted."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from django.utils import timezone

from llmconfig import __version__, task_types
from workers.metrics import instruments as of
from workers.metrics.labels import OTHER, model_label
from workers.models import Attempt, TaskRun
from workers.outcomes import Outcome


def worker_started(name: str, queues: Iterable[str], age_seconds: Callable[[], float]) -> None:
    """Which worker this is, and how to ask for the age of its heartbeat."""
    of.WORKER.info({"name": name, "version": __version__, "queues": ",".join(queues)})
    of.REGISTRY_AGE_SECONDS.set_function(age_seconds)


@contextmanager
def at_work(run: TaskRun) -> Iterator[None]:
    """Around the work on a run that has just been claimed."""
    label = _task_type_label(run.task_type)
    waited = (timezone.now() - run.available_at).total_seconds()
    of.QUEUE_WAIT_SECONDS.labels(label).observe(max(0.0, waited))
    with of.RUNNING.labels(label).track_inprogress():
        yield


def attempt_ended(attempt: Attempt) -> None:
    """One call of a model is over."""
    model = model_label(attempt.model)
    of.ATTEMPTS.labels(model, str(attempt.outcome)).inc()
    of.ATTEMPT_SECONDS.labels(model).observe(attempt.duration_ms / 1000)
    if attempt.first_token_ms is not None:
        of.FIRST_TOKEN_SECONDS.labels(model).observe(attempt.first_token_ms / 1000)
    of.TOKENS.labels(model, "prompt").inc(attempt.prompt_tokens or 0)
    of.TOKENS.labels(model, "completion").inc(attempt.completion_tokens or 0)


def models_skipped(models: Iterable[str]) -> None:
    """These models were passed over without a call."""
    for model in models:
        of.ATTEMPTS.labels(model_label(model), str(Outcome.SKIPPED)).inc()


def fallback_began(primary: str, fallback: str) -> None:
    """A run goes on with its other model."""
    of.FALLBACKS.labels(model_label(primary), model_label(fallback)).inc()


def run_ended(task_type: str, status: str) -> None:
    """A run has reached its final status here."""
    of.RUNS.labels(_task_type_label(task_type), str(status)).inc()


def leases_lost(count: int) -> None:
    """Runs that were taken from a worker which stopped renewing its leases."""
    of.LEASES_LOST.inc(count)


def thread_failed(name: str) -> None:
    """A look of one of the worker's threads raised."""
    of.THREAD_FAILURES.labels(name).inc()


def _task_type_label(name: str) -> str:
    return name if name in task_types.names() else OTHER
