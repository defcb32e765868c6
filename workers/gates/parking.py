"""Release of parked runs, paced, when the obstacle is gone.

Each worker looks once a second after the runs that are parked in its own queues: whether the model
server answers (asked every two seconds, and only while a run waits for it), whether staff resumed
the queue or model, whether one of the models may be tried. Behind a half-open breaker one run is
released, as its probe. The others come oldest first, at a pace that keeps the workers busy.
"""

import logging
import time
import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from workers.backends import ollama
from workers.background_thread import BackgroundThread
from workers.gates import reachability
from workers.gates.breakers import breakers_of
from workers.gates.pace import Pace
from workers.gates.pauses import is_paused
from workers.gates.permits.handing_on import permits_hand_on
from workers.messaging.publish import BROKER_AWAY, run_send
from workers.runs.models import TaskRun
from workers.runs.obstacles import Kind, Obstacle
from workers.runs.states import OPEN, Status

logger = logging.getLogger(__name__)

PROBE_EVERY_SECONDS = 2.0
#: So many may pass an obstacle that is gone.
ANY = 2**31
WAITING = (Status.PENDING, Status.QUEUED, Status.RETRYING)


class Releaser(BackgroundThread):
    """The worker's thread that releases parked runs. ``queues`` are those that it consumes."""

    every_seconds: ClassVar[float] = 1.0

    def __init__(self, queues: Iterable[str]) -> None:
        super().__init__("releaser")
        self._queues = tuple(queues)
        self._host = _Host()
        self._pace = Pace()
        self._released: list[uuid.UUID] = []

    def tick(self) -> None:
        """Release what may go on now."""
        parked = TaskRun.objects.filter(
            status=Status.RETRYING, queue__in=self._queues, deadline__gt=Now()
        ).exclude(parked_on="")
        texts = list(parked.order_by().values_list("parked_on", flat=True).distinct())
        if not texts:
            self._begin_anew()
            return
        waiting, answered = self._count_released()
        room = self._pace.room(waiting=waiting, answered=answered)
        for text in texts:
            obstacle = Obstacle.read(text)
            if obstacle.kind is Kind.PERMIT:
                # Handed on where one is given back; here where its holder died.
                permits_hand_on(*obstacle.names)
                continue
            if limit := min(room, self._passing(obstacle)):
                released = _release(parked.filter(parked_on=text), limit)
                logger.info("%s parked runs go on: %s", len(released), obstacle)
                room -= len(released)
                self._released += [run.pk for run in released]

    def _begin_anew(self) -> None:
        self._pace, self._released = Pace(), []

    def _count_released(self) -> tuple[int, int]:
        """How many of those released have not begun, and how many were answered since."""
        released = TaskRun.objects.filter(pk__in=self._released, parked_on="")
        found = dict(released.values_list("pk", "status"))
        self._released = [pk for pk, status in found.items() if status in OPEN]
        waiting = sum(status in WAITING for status in found.values())
        return waiting, sum(status == Status.SUCCEEDED for status in found.values())

    def _passing(self, obstacle: Obstacle) -> int:
        """How many may pass now: none, one as a probe, or any number."""
        if obstacle.kind is Kind.HOST:
            if self._host.answers():
                return ANY
            # It is let in on slowly again, however fast it was before.
            self._begin_anew()
            return 0
        if obstacle.kind is Kind.PARTS:
            # They release it themselves.
            return 0
        if obstacle.kind is not Kind.BREAKER:
            return 0 if is_paused(obstacle) else ANY
        troubled = breakers_of(settings.OLLAMA_HOST, obstacle.names)
        if len(troubled) < len(obstacle.names):
            return ANY
        return 0 if all(standing.is_blocked for standing in troubled.values()) else 1


class _Host:
    """The model server, as the last probe found it: away, too, where it answers and refuses us. A
    probe that hangs for 2 s found nothing."""

    def __init__(self) -> None:
        self._probe_at = 0.0
        self._answered = False

    def answers(self) -> bool:
        host = settings.OLLAMA_HOST
        if time.monotonic() >= self._probe_at:
            self._probe_at = time.monotonic() + PROBE_EVERY_SECONDS
            connection.close()
            answer = ollama.probe(host)
            self._answered = not answer.problem
            reachability.note(host, is_up=self._answered, reason=answer.problem)
        return self._answered and not reachability.is_down(host)


def _release(parked: QuerySet[TaskRun], limit: int) -> list[TaskRun]:
    """Let the oldest of these be worked on, normal ones before low ones."""
    runs = list(parked.order_by("-priority", "created_at")[:limit])
    fields: dict[str, Any] = {"parked_on": "", "available_at": Now(), "published_at": None}
    parked.filter(pk__in=[run.pk for run in runs]).update(**fields)
    for run in runs:
        try:
            run_send(run)
        except BROKER_AWAY:
            # The sweeper goes on when the broker is back.
            break
    return runs
