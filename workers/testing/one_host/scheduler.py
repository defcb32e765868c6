"""Ollama's scheduler: one pending queue, loads, and evictions that wait for idleness.

A request for a model that is loaded as asked goes to it at once. Every other one waits in the
pending queue; the head of it waits until the model that must leave is idle, and all behind it wait
too. Requests that pass by keep that model busy, so the head may starve.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from workers.testing.ollama_http.errors import RequestError
from workers.testing.one_host.options import OneHost
from workers.testing.one_host.runner import LoadOptions, Runner
from workers.testing.one_host.statistics import Statistics

BUSY = "server busy, please try again.  maximum pending requests exceeded"


@dataclass(eq=False)
class _Pending:
    """A request in the pending queue."""

    model: str
    options: LoadOptions
    keep_alive: float | None
    granted: "asyncio.Future[Runner]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Scheduler:
    """The loaded models and the requests that wait for a load. Used on the event loop only."""

    def __init__(self, host: OneHost, statistics: Statistics) -> None:
        self._host = host
        self._statistics = statistics
        self._places = host.places
        self._pending: deque[_Pending] = deque()
        #: The head waits for a model to leave; only an unload makes it look again.
        self._blocked = False
        self.loaded: dict[str, Runner] = {}

    @asynccontextmanager
    async def using(
        self, model: str, options: LoadOptions, keep_alive: float | None
    ) -> AsyncIterator[Runner]:
        """The model, loaded as asked and not evicted during the block. Raises RequestError 503."""
        runner = await self._acquire(_Pending(model, options, keep_alive))
        try:
            await runner.ready.wait()
            yield runner
        finally:
            self._release(runner)

    def resize(self, places: int) -> None:
        """Change the places of every model, those that are loaded already too."""
        self._places = places
        for runner in self.loaded.values():
            runner.places.resize(places)

    def expire(self, model: str) -> None:
        """Unload a model as soon as it is idle."""
        if runner := self.loaded.get(model):
            runner.keep_alive = 0
            if runner.idle:
                self._unload(runner)

    def put(self, model: str, options: LoadOptions) -> None:
        """Have the model loaded at once, without a load."""
        runner = self._new(_Pending(model, options, None))
        runner.ready.set()
        runner.leave_later(self._unload)

    async def _acquire(self, request: _Pending) -> Runner:
        runner = self.loaded.get(request.model)
        if runner and runner.options == request.options:
            runner.use(request.keep_alive)
            return runner
        if len(self._pending) >= self._host.max_queue:
            raise RequestError(BUSY, HTTPStatus.SERVICE_UNAVAILABLE)
        self._pending.append(request)
        if not self._blocked:
            self._advance()
        try:
            return await request.granted
        except asyncio.CancelledError:
            self._abandon(request)
            raise

    def _abandon(self, request: _Pending) -> None:
        if request in self._pending:
            was_head = self._pending[0] is request
            self._pending.remove(request)
            if was_head:
                self._advance()
        elif not request.granted.cancelled():
            self._release(request.granted.result())

    def _advance(self) -> None:
        """Serve the pending queue until its head must wait for a model to leave."""
        self._blocked = False
        while self._pending and not self._blocked:
            head = self._pending[0]
            if head.granted.done():
                self._pending.popleft()
            elif in_the_way := self._in_the_way(head):
                self._evict(in_the_way)
                self._blocked = in_the_way.model in self.loaded
            else:
                self._pending.popleft()
                runner = self.loaded.get(head.model) or self._load(head)
                runner.use(head.keep_alive)
                head.granted.set_result(runner)

    def _in_the_way(self, request: _Pending) -> Runner | None:
        """The model that must leave before the request can be served."""
        runner = self.loaded.get(request.model)
        if runner:
            return None if runner.options == request.options else runner
        return self._victim() if len(self.loaded) >= self._host.max_loaded else None

    def _victim(self) -> Runner:
        """An idle model first; of those the one with the shortest keep-alive, then by name."""
        return min(self.loaded.values(), key=lambda r: (not r.idle, r.keep_alive, r.model))

    def _evict(self, runner: Runner) -> None:
        runner.keep_alive = 0
        if runner.idle:
            self._remove(runner)

    def _load(self, request: _Pending) -> Runner:
        runner = self._new(request)
        self._statistics[request.model].loads += 1
        runner.loading = asyncio.create_task(self._loading(runner))
        return runner

    def _new(self, request: _Pending) -> Runner:
        keep_alive = self._host.keep_alive if request.keep_alive is None else request.keep_alive
        runner = Runner(request.model, request.options, places=self._places, keep_alive=keep_alive)
        self.loaded[request.model] = runner
        return runner

    async def _loading(self, runner: Runner) -> None:
        await asyncio.sleep(self._host.load_seconds_of(runner.model))
        runner.ready.set()

    def _release(self, runner: Runner) -> None:
        runner.references -= 1
        if runner.idle and self.loaded.get(runner.model) is runner:
            if runner.keep_alive <= 0 or not runner.ready.is_set():
                self._unload(runner)
            else:
                runner.leave_later(self._unload)

    def _unload(self, runner: Runner) -> None:
        self._remove(runner)
        self._advance()

    def _remove(self, runner: Runner) -> None:
        runner.stay()
        if runner.loading is not None:
            runner.loading.cancel()
        del self.loaded[runner.model]
