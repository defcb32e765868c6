"""Parked runs come back once their model server answers, a few at a time.

Each worker looks after the runs that are parked in its own queues, and asks the server only while
there are any.
"""

import logging
from collections.abc import Iterable
from typing import ClassVar

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from workers import backend
from workers.models import TaskRun
from workers.states import Status
from workers.ticking import Ticker

logger = logging.getLogger(__name__)

#: Parked runs come back this many at a time, so that their return is no storm.
RELEASED_AT_ONCE = 20


class Releaser(Ticker):
    """The worker's thread that releases parked runs. ``queues`` are those that it consumes."""

    every_seconds: ClassVar[float] = 2.0

    def __init__(self, queues: Iterable[str]) -> None:
        super().__init__("releaser")
        self._queues = tuple(queues)

    def tick(self) -> None:
        release_parked(settings.OLLAMA_HOST, self._queues)


def release_parked(host: str, queues: Iterable[str]) -> int:
    """Let some runs parked in these queues be published, if the host answers; their number."""
    parked = TaskRun.objects.filter(status=Status.RETRYING, queue__in=list(queues))
    parked = parked.exclude(parked_on="")
    if not parked.exists():
        return 0
    connection.close()
    if backend.probe(host) is None:
        return 0
    oldest = parked.order_by("created_at").values_list("pk", flat=True)[:RELEASED_AT_ONCE]
    released = parked.filter(pk__in=list(oldest)).update(
        parked_on="", available_at=Now(), published_at=None
    )
    if released:
        logger.info("%s answers again: %s parked runs continue", host, released)
    return released
