"""The worker's thread that looks at the parts it needs, so that no question has to wait for one."""

import time
from collections.abc import Iterable, Mapping
from typing import ClassVar

from django.conf import settings
from django.db import DatabaseError, connection

from llmconfig.database.faults import Kind, kind_of
from workers.background_thread import BackgroundThread
from workers.process.dependency_checks import broker_problem, model_server_problem
from workers.process.metrics_server.stored import STORED, snapshot_take

#: What was seen longer ago is not known any more: the looks hang.
STALE_SECONDS = 60.0


class Watch(BackgroundThread):
    """Looks every 5 s at database, broker and model server, and at what the database counts."""

    every_seconds: ClassVar[float] = 5.0

    def __init__(self, queues: Iterable[str]) -> None:
        super().__init__("watch")
        self._queues = tuple(queues)
        self._seen: Mapping[str, str] = {}
        self._seen_at = 0.0

    @property
    def parts(self) -> dict[str, str]:
        """``ok``, what is wrong, or ``unknown`` (not looked at lately) by part."""
        known = bool(self._seen) and time.monotonic() - self._seen_at < STALE_SECONDS
        return {
            part: self._seen[part] if known else "unknown"
            for part in ("database", "broker", "model_server")
        }

    def run(self) -> None:
        self.look()
        super().run()

    def tick(self) -> None:
        database = self._count()
        # Neither broker nor model server may hold a connection of the pool.
        connection.close()
        self._seen = {
            "database": database,
            "broker": _word(broker_problem()),
            "model_server": _word(model_server_problem()),
        }
        self._seen_at = time.monotonic()

    def _count(self) -> str:
        try:
            STORED.snapshot = snapshot_take(settings.OLLAMA_HOST, self._queues)
            return Kind.READ_ONLY if _is_read_only() else "ok"
        except DatabaseError as error:
            return kind_of(error) or Kind.OTHER


def _is_read_only() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        return bool(cursor.fetchone()[0] == "on")


def _word(problem: str) -> str:
    return "unreachable" if problem else "ok"
