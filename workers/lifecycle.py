"""What a Celery worker starts and stops beside its tasks."""

from dataclasses import replace
from typing import Any

from celery.signals import (
    worker_before_create_process,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from django.conf import settings

from workers import backend, shutdown
from workers.events import publisher
from workers.leases import leases
from workers.metrics import book
from workers.metrics.answers import Answers
from workers.metrics.relay import relay_close, relay_open, relay_receive
from workers.metrics.server import Server, server_open
from workers.metrics.watch import Watch
from workers.parking import Releaser
from workers.queues import queue_name
from workers.registry.announcement import Announcement
from workers.registry.registrar import Registrar
from workers.reports import REPORT_TYPE
from workers.reports.delivery.postman import Postman
from workers.sweeper import Sweeper
from workers.ticking import Ticker

_tickers: list[Ticker] = []
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
        tickers=_watched,
        watch=watch,
        missing=lambda: registrars[0].missing if registrars else None,
    )
    server = server_open(answers)
    if server is not None:
        _servers.append(server)
        _tickers.append(watch)
        announced = replace(announced, metrics_address=server.url)
    registrar = Registrar(announced)
    registrars.append(registrar)
    _tickers.extend((Sweeper(), Releaser(announced.queues), registrar))
    if queue_name(REPORT_TYPE) in announced.queues:
        _tickers.append(Postman())
    book.worker_started(announced.name, announced.queues, lambda: registrar.age_seconds)
    relay_receive(book.apply)
    for ticker in _tickers:
        ticker.start()


def _watched() -> list[Ticker]:
    """The threads that have to turn."""
    vital = [ticker for ticker in _tickers if ticker.is_vital]
    return [*vital, *([leases.thread] if leases.thread else [])]


@worker_shutting_down.connect
def _hand_back_soon(**_: Any) -> None:
    # In a signal handler: nothing that locks, logs or waits.
    shutdown.begin(settings.LLM_SHUTDOWN_GRACE_SECONDS)


@worker_shutdown.connect
def _stop(**_: Any) -> None:
    while _servers:
        _servers.pop().stop()
    while _tickers:
        _tickers.pop().stop()
    relay_close()
    backend.close()
    publisher.current().close()
