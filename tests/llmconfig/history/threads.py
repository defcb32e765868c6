"""Several at once on a real database, and waiting until one waits for another."""

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from django.db import connection

TIMEOUT_SECONDS = 30


class Work(threading.Thread):
    """Runs one function on a connection of its own; ``result`` is what it returned or raised."""

    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._function = function
        self._outcome: Any = None
        self.start()

    def run(self) -> None:
        try:
            self._outcome = self._function()
        except Exception as error:
            self._outcome = error
        finally:
            connection.close()

    @property
    def result(self) -> Any:
        self.join(TIMEOUT_SECONDS)
        assert not self.is_alive(), "it waits for ever"
        return self._outcome


def at_once(*functions: Callable[[], Any]) -> list[Any]:
    """What each returned or raised, all begun at one time."""
    barrier = threading.Barrier(len(functions), timeout=TIMEOUT_SECONDS)

    def begin(function: Callable[[], Any]) -> Any:
        barrier.wait()
        return function()

    works = [Work(lambda each=each: begin(each)) for each in functions]
    return [work.result for work in works]


def wait_until_blocked(count: int = 1) -> None:
    """Until so many connections to this database wait for a lock."""
    until = time.monotonic() + TIMEOUT_SECONDS
    while _blocked() < count:
        assert time.monotonic() < until, "nobody waits"
        time.sleep(0.01)


def _blocked() -> int:
    with connection.cursor() as cursor:
        # Inside of a transaction PostgreSQL would answer as it did the first time.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]


@contextmanager
def held(signal: Any, sender: Any):
    """Whoever sends the signal first, inside of this, stops until it is left: as ``held()``."""
    reached, go_on = threading.Event(), threading.Event()

    def stop(**_: Any) -> None:
        signal.disconnect(stop, sender=sender)
        reached.set()
        assert go_on.wait(TIMEOUT_SECONDS)

    signal.connect(stop, sender=sender)
    try:
        yield lambda: reached.wait(TIMEOUT_SECONDS)
    finally:
        go_on.set()
        signal.disconnect(stop, sender=sender)
