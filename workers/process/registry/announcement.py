"""Announcement: what a worker registers at its start."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from llmconfig import __version__
from llmconfig.resolution.selectors import config_resolve
from llmconfig.values.errors import NoAllowedModel
from workers import task_types
from workers.messaging.queues import PRIORITIES, queue_name


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """What stays as it is while the process lives."""

    #: Celery's node name.
    name: str
    queues: tuple[str, ...]
    concurrency: int
    #: Where this process serves its health and metrics; "" where it does not.
    metrics_address: str = ""

    @classmethod
    def of_consumer(cls, consumer: Any, *, metrics_address: str = "") -> "Announcement":
        """From the sender of Celery's ``worker_ready``."""
        return cls(
            name=consumer.hostname,
            queues=tuple(sorted(consumer.app.amqp.queues.consume_from)),
            concurrency=consumer.controller.concurrency,
            metrics_address=metrics_address,
        )

    def fields(self) -> dict[str, Any]:
        """As the registry stores them."""
        return {
            "version": __version__,
            "queues": list(self.queues),
            "concurrency": self.concurrency,
            "host": settings.OLLAMA_HOST,
            "metrics_address": self.metrics_address,
            "metadata": settings.LLM_WORKER_METADATA,
        }


def task_types_served(queues: Collection[str]) -> tuple[str, ...]:
    """The task types whose queues a worker consumes."""
    return tuple(
        kind.name
        for kind in task_types.registered()
        if any(queue_name(kind.name, priority) in queues for priority in PRIORITIES)
    )


def default_config(queues: tuple[str, ...]) -> dict[str, dict[str, Any] | None]:
    """What a run without a user gets here, by task type: every resolved value; null where no model
    is allowed."""
    return {name: _values_of(name) for name in task_types_served(queues)}


def _values_of(task_type: str) -> dict[str, Any] | None:
    try:
        return config_resolve(user_id=None, task_type=task_type).values()
    except NoAllowedModel:
        return None
