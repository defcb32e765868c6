"""Queue names: the one function that makes them, and their declaration for Celery.

Each task type has its queue and a ``.low`` twin, consumed by the same process. Priorities of the
broker are not used: Redis and RabbitMQ order them oppositely.
"""

from collections.abc import Iterable

from kombu import Queue

from workers.task_types.names import celery_name

PRIORITIES = ("normal", "low")
#: Queue of each Celery task that is no task type's; apps add theirs.
task_routes: dict[str, str] = {}


def queue_name(task_type: str, priority: str = "normal") -> str:
    """``TASK_TYPE_WEEKLY_REPORT`` → ``llm.weekly_report``, or ``llm.weekly_report.low``."""
    name = celery_name(task_type)
    return f"{name}.low" if priority == "low" else name


def queues(task_types: Iterable[str]) -> tuple[Queue, ...]:
    """The queues of these task types, durable.

    On no exchange of their own: Celery then publishes to the queue itself. With an exchange, kombu
    routes over a set of bindings in Redis, which a process writes once; without that set it would
    publish into nothing for the rest of its life.
    """
    names = [queue_name(name, priority) for name in task_types for priority in PRIORITIES]
    return tuple(Queue(name, routing_key=name) for name in names)
