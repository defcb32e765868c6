"""One event loop thread per process, with the clients and loads that live on it.

Made at first use. A forked child inherits a loop whose thread did not come along: it drops it
(closing would disturb the parent's sockets) and makes its own.
"""

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from workers.backends.ollama import classify
from workers.backends.ollama.clients import HostClients
from workers.backends.ollama.loading import Loader
from workers.runs.outcomes import Cause

#: How often the loop looks whether a caller has cancelled. Not each caller for itself: fifty
#: threads that wake up take the interpreter from the loop.
LOOK_SECONDS = 0.2
CLOSE_SECONDS = 5.0

T = TypeVar("T")


class Runtime:
    """The loop, its thread, and what may only be touched from that thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loader = Loader()
        self._clients: dict[str, HostClients] = {}
        self._looking = False
        self._cancellable: dict[asyncio.Task[Any], threading.Event] = {}
        self._submitting = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="llm-backend", daemon=True)
        self._thread.start()

    def clients(self, host: str) -> HostClients:
        """The clients of one host, shared by all that is asked of it. Only on the loop's thread."""
        found = self._clients.get(host)
        if found is None:
            found = self._clients[host] = HostClients(host)
        return found

    async def cancellable(self, work: Coroutine[Any, Any, T], cancelled: threading.Event) -> T:
        """The work's result; raises AttemptFailed (final) soon after ``cancelled`` is set."""
        task = asyncio.create_task(work)
        self._cancellable[task] = cancelled
        if not self._looking:
            self._look()
        try:
            return await task
        except asyncio.CancelledError:
            if not cancelled.is_set():
                raise
            raise classify.failure(Cause.CANCELLED) from None
        finally:
            self._cancellable.pop(task, None)
            task.cancel()

    def _look(self) -> None:
        for task in [task for task, event in self._cancellable.items() if event.is_set()]:
            del self._cancellable[task]
            task.cancel()
        self._looking = bool(self._cancellable)
        if self._looking:
            self.loop.call_later(LOOK_SECONDS, self._look)

    def submit(self, work: Coroutine[Any, Any, T]) -> "concurrent.futures.Future[T]":
        """Start the work on the loop. Raises AttemptFailed (transient) when it is closed."""
        # What is submitted before the stop is seen and ended by it; a loop that has stopped would
        # keep its caller waiting for ever.
        with self._submitting:
            if not self._closed:
                return asyncio.run_coroutine_threadsafe(work, self.loop)
        work.close()
        raise classify.failure(Cause.STOPPED)

    def close(self) -> None:
        """End what is under way, close every connection, stop the thread."""
        with self._submitting:
            self._closed = True
            self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.run_until_complete(self._end())
        self.loop.close()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for clients in self._clients.values():
            await clients.close()
        # Streams that ended in an error are closed by tasks of the interpreter's making.
        await self.loop.shutdown_asyncgens()
        if closing := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(closing, timeout=CLOSE_SECONDS)


_lock = threading.Lock()
_runtime: Runtime | None = None
_of_parents: list[Runtime] = []


def run(
    work: Callable[[Runtime], Coroutine[Any, Any, T]], cancelled: threading.Event | None = None
) -> T:
    """Run a coroutine on the process's loop and wait for it in this thread.

    Raises AttemptFailed (final) soon after ``cancelled`` is set. The coroutine is cancelled then,
    as it is when this thread is interrupted.
    """
    if cancelled is not None and cancelled.is_set():
        raise classify.failure(Cause.CANCELLED)
    runtime = _current()
    coroutine = work(runtime)
    if cancelled is not None:
        coroutine = runtime.cancellable(coroutine, cancelled)
    future = runtime.submit(coroutine)
    try:
        return future.result()
    except concurrent.futures.CancelledError:
        raise classify.failure(Cause.STOPPED) from None
    finally:
        future.cancel()


def close() -> None:
    """Close this process's loop and connections, if there are any; the next use makes new ones."""
    global _runtime
    with _lock:
        runtime, _runtime = _runtime, None
    if runtime is not None:
        runtime.close()


def _current() -> Runtime:
    global _runtime
    with _lock:
        if _runtime is None:
            _runtime = Runtime()
        return _runtime


def _forget_after_fork() -> None:
    global _lock, _runtime
    _lock = threading.Lock()
    if _runtime is not None:
        _of_parents.append(_runtime)
        _runtime = None


os.register_at_fork(after_in_child=_forget_after_fork)
