"""The Celery application: ``celery -A config worker`` and ``celery -A config beat``."""

from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init

from config.startup import choose_settings, readable_errors, refuse_bad_configuration

choose_settings()
app = Celery("llmconfig", task_cls="workers.messaging.base_task:Task")
with readable_errors():
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.autodiscover_tasks(["workers"])


#: Kombu reads from Redis for 10 s at a time, and from RabbitMQ until something comes: a shorter
#: timeout, as whoever only publishes needs it, would end each read. 0: no limit.
PATIENT = {"socket_timeout": 15, "read_timeout": 0}


@worker_init.connect
def _read_patiently(**_: Any) -> None:
    options = app.conf.broker_transport_options
    patient = {name: value for name, value in PATIENT.items() if name in options}
    app.conf.broker_transport_options = {**options, **patient}


@worker_init.connect
@beat_init.connect
def _refuse_bad_configuration(**_: Any) -> None:
    with readable_errors():
        refuse_bad_configuration()


def declare_queues() -> None:
    """Declare the queue of every registered task type, and send its task there unless told else.

    A name beside them is refused at send.
    """
    from workers import task_types
    from workers.messaging.queues import queue_name, queues, task_routes

    kinds = task_types.registered()
    app.conf.task_queues = queues(kind.name for kind in kinds)
    app.conf.task_routes = {
        **{kind.celery_name: {"queue": queue_name(kind.name)} for kind in kinds},
        **{name: {"queue": queue} for name, queue in task_routes.items()},
    }
