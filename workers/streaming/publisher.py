"""Publisher: batches events of this process to Redis, at most fifty times a second, in one thread.

Everything here is best effort and holds nobody up. What a generation says waits for the thread;
while Redis is away or slow, it goes on waiting, and readers look at the database.
"""

import logging
import os
import threading
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from workers.runs.signals import runs_changed
from workers.streaming import keys
from workers.streaming.attempt_text import Telling
from workers.streaming.cursors import Take
from workers.streaming.redis_connection import Unavailable, Wire
from workers.streaming.text_filter import Tidy

logger = logging.getLogger(__name__)

#: Words that come within this time travel together.
TOGETHER_SECONDS = 0.02
PAUSE_SECONDS = 1.0
CLOSE_SECONDS = 3.0
#: Runs whose changed row is still to be told: more of them are left to the readers' own looks.
MOST_CHANGED = 10_000


class Publisher:
    """The thread and what it has to send. It starts with the first thing to say."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed: set[uuid.UUID] = set()
        self._tellings: set[Telling] = set()
        self._woken = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._wire = Wire()

    def changed(self, *run_ids: uuid.UUID) -> None:
        """Rows of runs, or their attempts, are not what they were. To be called after commit."""
        with self._lock:
            self._changed.update(run_ids[: max(0, MOST_CHANGED - len(self._changed))])
        self._wake()

    def telling(
        self,
        run_id: uuid.UUID,
        take: Take,
        begun: Mapping[str, Any],
        lost: threading.Event,
        *,
        begins_inside: bool = False,
    ) -> Telling:
        """An attempt that begins, to be told from now on until its ``end`` or ``lost`` is set.

        ``begins_inside``: its text is expected to begin inside of thinking.
        """
        tidy = Tidy(begins_inside=begins_inside)
        telling = Telling(run_id, take, begun, lost=lost, wake=self._wake, tidy=tidy)
        with self._lock:
            self._tellings.add(telling)
        self._wake()
        return telling

    def close(self) -> None:
        """Send what is left, if Redis takes it at once, and end the thread; the next thing to say
        starts another."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._closed.set()
            self._woken.set()
            thread.join(CLOSE_SECONDS)
            self._closed.clear()

    def _wake(self) -> None:
        if not self._woken.is_set():
            self._woken.set()
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="events", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._woken.wait()
            self._woken.clear()
            self._closed.wait(TOGETHER_SECONDS if self._look() else PAUSE_SECONDS)
        self._look()
        self._wire.close()

    def _look(self) -> bool:
        try:
            return self._send()
        except Exception:
            # Whatever it was would come again.
            logger.exception("Events are dropped")
            with self._lock:
                self._tellings.clear()
            return False

    def _send(self) -> bool:
        """Send all that there is; False: Redis is away, and it stays to be sent."""
        with self._lock:
            changed, self._changed = self._changed, set()
            tellings = list(self._tellings)
        said = [(telling, commands) for telling in tellings if (commands := telling.commands())]
        commands = [command for _, own in said for command in own]
        if words := _words(changed, [telling for telling, _ in said]):
            commands.append(("PUBLISH", keys.channel(), words))
        connected = self._wire.connected
        try:
            answers = iter(self._wire.call(commands) if commands else ())
        except Unavailable:
            with self._lock:
                self._changed |= changed
                self._tellings -= {telling for telling in tellings if telling.is_over}
            self._woken.set()
            return False
        for telling, own in said:
            telling.sent(list(islice(answers, len(own))))
        if 0 < connected < self._wire.connected:
            # It may be another Redis now, or one that came back older than it was.
            for telling in tellings:
                telling.begin_anew()
        with self._lock:
            self._tellings -= {telling for telling in tellings if telling.is_over}
        return True


def _words(changed: set[uuid.UUID], spoken: list[Telling]) -> str:
    marked = [keys.CHANGED + run_id.hex for run_id in changed]
    return " ".join([*marked, *(telling.run_id.hex for telling in spoken)])


_publisher = Publisher()


def current() -> Publisher:
    """This process's publisher."""
    return _publisher


@receiver(runs_changed)
def _publish_changed(run_ids: Sequence[uuid.UUID], **_: Any) -> None:
    """Notify event streams that the rows of these runs changed, once the transaction commits."""
    transaction.on_commit(partial(current().changed, *run_ids), robust=True)


def _begin_anew() -> None:
    global _publisher
    _publisher = Publisher()


# The thread stays behind, and a connection that parent and child both used would mix its answers.
os.register_at_fork(after_in_child=_begin_anew)
