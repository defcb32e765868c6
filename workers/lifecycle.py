"""What a Celery worker starts and stops beside its tasks."""

from typing import Any

from celery.signals import worker_ready, worker_shutdown

from workers import backend
from workers.parking import Releaser
from workers.sweeper import Sweeper
from workers.ticking import Ticker

_tickers: list[Ticker] = []


@worker_ready.connect
def _start(sender: Any, **_: Any) -> None:
    for ticker in (Sweeper(), Releaser(sender.app.amqp.queues.consume_from)):
        _tickers.append(ticker)
        ticker.start()


@worker_shutdown.connect
def _stop(**_: Any) -> None:
    while _tickers:
        _tickers.pop().stop()
    backend.close()
