"""Start and stop of a worker's threads and servers, by Celery's signals."""

from dataclasses import replace
from typing import Any

from celery.signals import (
    worker_before_create_process,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from django.conf import settings

from workers.backends import ollama
from workers.background_thread import BackgroundThread
from workers.execution import shutdown
from workers.execution.leases import leases
from workers.gates.parking import Releaser
from workers.metrics import book
from workers.metrics.relay import relay_close, relay_open, relay_receive
from workers.process.extensions import threads_of
from workers.process.metrics_server.answers import Answers
from workers.process.metrics_server.server import Server, server_open
from workers.process.metrics_server.watch import Watch
from workers.process.registry.announcement import Announcement
from workers.process.registry.registrar import Registrar
from workers.process.sweeper import Sweeper
from workers.streaming import publisher

_threads: list[BackgroundThread] = []
_servers: list[Server] = []


@worker_before_create_process.connect
def _prepare(**_: Any) -> None:
    """Before a prefork pool makes a child, which inherits the relay."""
    relay_open()


@worker_ready.connect
def _start(sender: Any, **_: Any) -> None:
    announced = Announcement.of_consumer(sender)
    watch = Watch(announced.queues)
    registrars: list[Registrar] = []
    answers = Answers(
        threads=_watched,
        watch=watch,
        missing=lambda: registrars[0].missing if registrars else None,
    )
    server = server_open(answers)
    if server is not None:
        _servers.append(server)
        _threads.append(watch)
        announced = replace(announced, metrics_address=server.url)
    registrar = Registrar(announced)
    registrars.append(registrar)
    _threads.extend((Sweeper(), Releaser(announced.queues), registrar))
    _threads.extend(threads_of(announced.queues))
    book.worker_started(announced.name, announced.queues, lambda: registrar.age_seconds)
    relay_receive(book.apply)
    for thread in _threads:
        thread.start()


def _watched() -> list[BackgroundThread]:
    """The threads that have to turn."""
    vital = [thread for thread in _threads if thread.is_vital]
    return [*vital, *([leases.thread] if leases.thread else [])]


@worker_shutting_down.connect
def _hand_back_soon(**_: Any) -> None:
    # In a signal handler: nothing that locks, logs or waits.
    shutdown.begin(settings.LLM_SHUTDOWN_GRACE_SECONDS)


@worker_shutdown.connect
def _stop(**_: Any) -> None:
    while _servers:
        _servers.pop().stop()
    while _threads:
        _threads.pop().stop()
    relay_close()
    ollama.close()
    publisher.current().close()
