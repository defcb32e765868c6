"""What a Celery worker starts and stops beside its tasks."""

from typing import Any

from celery.signals import worker_ready, worker_shutdown, worker_shutting_down
from django.conf import settings

from workers import backend, shutdown
from workers.parking import Releaser
from workers.registry.announcement import Announcement
from workers.registry.registrar import Registrar
from workers.sweeper import Sweeper
from workers.ticking import Ticker

_tickers: list[Ticker] = []


@worker_ready.connect
def _start(sender: Any, **_: Any) -> None:
    registrar = Registrar(Announcement.of_consumer(sender))
    for ticker in (Sweeper(), Releaser(sender.app.amqp.queues.consume_from), registrar):
        _tickers.append(ticker)
        ticker.start()


@worker_shutting_down.connect
def _hand_back_soon(**_: Any) -> None:
    # In a signal handler: nothing that locks, logs or waits.
    shutdown.begin(settings.LLM_SHUTDOWN_GRACE_SECONDS)


@worker_shutdown.connect
def _stop(**_: Any) -> None:
    while _tickers:
        _tickers.pop().stop()
    backend.close()
