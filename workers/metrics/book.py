"""Recording of metrics. An attempt counts for the model that was called, not for the one wanted.

In a child of a prefork pool a booking goes to the parent, which knows the labels and serves them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone
from prometheus_client import Histogram

from llmconfig import __version__
from llmconfig.values import task_types
from workers.metrics import instruments as of
from workers.metrics.labels import OTHER, model_label
from workers.metrics.relay import relay_of_child
from workers.runs import signals
from workers.runs.models import Attempt, TaskRun
from workers.runs.outcomes import Outcome


def worker_started(name: str, queues: Iterable[str], age_seconds: Callable[[], float]) -> None:
    """Which worker this is, and how to ask for the age of its heartbeat."""
    of.WORKER.info({"name": name, "version": __version__, "queues": ",".join(queues)})
    of.REGISTRY_AGE_SECONDS.set_function(age_seconds)


@contextmanager
def at_work(run: TaskRun) -> Iterator[None]:
    """Around the work on a run that has just been claimed."""
    waited = (timezone.now() - run.available_at).total_seconds()
    _book("queue_wait_seconds", max(0.0, waited), task_type=run.task_type)
    _book("running", task_type=run.task_type)
    try:
        yield
    finally:
        _book("running", -1, task_type=run.task_type)


def attempt_ended(attempt: Attempt) -> None:
    """One call of a model is over."""
    model = attempt.model
    _book("attempts", model=model, outcome=str(attempt.outcome))
    _book("attempt_seconds", attempt.duration_ms / 1000, model=model)
    if attempt.first_token_ms is not None:
        _book("first_token_seconds", attempt.first_token_ms / 1000, model=model)
    _book("tokens", attempt.tokens_read, model=model, kind="prompt")
    _book("tokens", attempt.completion_tokens or 0, model=model, kind="completion")


def models_skipped(models: Iterable[str]) -> None:
    """These models were passed over without a call."""
    for model in models:
        _book("attempts", model=model, outcome=str(Outcome.SKIPPED))


def fallback_began(primary: str, fallback: str) -> None:
    """A run goes on with its other model."""
    _book("fallbacks", primary=primary, fallback=fallback)


def run_ended(task_type: str, status: str) -> None:
    """A run has reached its final status here."""
    _book("runs", task_type=task_type, status=str(status))


@receiver(signals.run_ended)
def _run_ended(run: TaskRun, status: str, **_: Any) -> None:
    transaction.on_commit(partial(run_ended, run.task_type, status))


@receiver(signals.leases_lost)
def leases_lost(count: int, **_: Any) -> None:
    """Runs that were taken from a worker which stopped renewing its leases."""
    _book("leases_lost", count)


def thread_failed(name: str) -> None:
    """A look of one of the worker's threads raised."""
    _book("thread_failures", thread=name)


def apply(name: str, labels: Mapping[str, str], amount: float) -> None:
    """Book in this process, under labels of which there are few."""
    instrument = of.BOOKED[name]
    told = {label: _LABELS.get(label, str)(value) for label, value in labels.items()}
    labelled = instrument.labels(**told) if told else instrument
    if isinstance(labelled, Histogram):
        labelled.observe(amount)
    else:
        labelled.inc(amount)


def _book(name: str, amount: float = 1, /, **labels: str) -> None:
    relay = relay_of_child()
    if relay is None:
        apply(name, labels, amount)
    else:
        relay.send(name, labels, amount)


def _task_type_label(name: str) -> str:
    return name if name in task_types.names() else OTHER


_LABELS: Mapping[str, Callable[[str], str]] = {
    "model": model_label,
    "primary": model_label,
    "fallback": model_label,
    "task_type": _task_type_label,
}
