"""One generation on its way between the event loop and the engine's thread."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

from devstack.model_server.errors import JobCancelled
from workers.testing.ollama_http.errors import RequestError

Chunk = dict[str, Any]


class Job:
    """A request for the engine and the chunks that come back.

    Made, read and cancelled in the event loop; ``cancelled``, ``offer`` and ``finish`` are for the
    engine.
    """

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        #: When it was made, in nanoseconds of ``perf_counter_ns``.
        self.created = time.perf_counter_ns()
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[Chunk | RequestError | JobCancelled | None] = asyncio.Queue()
        self._cancelled = threading.Event()

    async def chunks(self) -> AsyncIterator[Chunk]:
        """The engine's chunks. Raises ``RequestError`` or ``JobCancelled``."""
        while (event := await self._events.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event

    def cancel(self) -> None:
        self._cancelled.set()
        self._events.put_nowait(JobCancelled())

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def offer(self, chunk: Chunk) -> None:
        self._put(chunk)

    def finish(self, error: RequestError | None = None) -> None:
        self._put(error)

    def _put(self, event: Chunk | RequestError | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)
        except RuntimeError:  # the loop is closed: nobody listens any more
            self._cancelled.set()
