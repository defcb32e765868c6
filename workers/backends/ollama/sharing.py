"""Single-flight on the event loop: concurrent callers with one key share one task. Only on the
event loop's thread."""

import asyncio
import copy
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from workers.runs.outcomes import AttemptFailed

T = TypeVar("T")


class Shared(Generic[T]):
    """Work under way, by key. Who comes meanwhile waits for the same work and shares its end.

    It is given up only when nobody waits for it any more.
    """

    def __init__(self) -> None:
        self._running: dict[Hashable, _Work[T]] = {}

    async def join(self, key: Hashable, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of the work under ``key``, which is started if it is not under way."""
        work = self._running.get(key)
        if work is None:
            work = self._running[key] = _Work(asyncio.create_task(start()))
        work.waiting += 1
        try:
            return await asyncio.shield(work.task)
        except AttemptFailed as failed:
            # Each waiter notes its own facts on what it raises.
            raise copy.copy(failed) from failed
        finally:
            work.waiting -= 1
            if not work.waiting or work.task.done():
                work.task.cancel()
                if self._running.get(key) is work:
                    del self._running[key]


@dataclass
class _Work(Generic[T]):
    task: asyncio.Task[T]
    waiting: int = 0
