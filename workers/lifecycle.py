"""What a Celery worker starts and stops beside its tasks."""

from typing import Any

from celery.signals import worker_ready, worker_shutdown

from workers import backend
from workers.sweeper import Sweeper

_sweepers: list[Sweeper] = []


@worker_ready.connect
def _start(sender: Any, **_: Any) -> None:
    sweeper = Sweeper(sender.app.amqp.queues.consume_from)
    _sweepers.append(sweeper)
    sweeper.start()


@worker_shutdown.connect
def _stop(**_: Any) -> None:
    while _sweepers:
        _sweepers.pop().stop()
    backend.close()
