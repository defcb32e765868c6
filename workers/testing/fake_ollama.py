"""A fake Ollama that breaks on demand, on a real socket.

In tests: ``with FakeOllama() as fake`` and `FakeOllama.script`, or the fixture ``fake_ollama``.
By hand: ``python -m workers.testing.fake_ollama``, and ask it for models such as ``ok:1``,
``silent:1`` or ``http-503:1``; ``--list`` tells them all.
"""

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from llmconfig.model_names import normalise_model
from workers.testing.api import Api
from workers.testing.behaviours import Behaviour
from workers.testing.one_host import ModelStatistics, OneHost
from workers.testing.reply import Exchange
from workers.testing.script import Step
from workers.testing.wire import Connection

logger = logging.getLogger(__name__)


class FakeOllama:
    """A fake host, in a thread of its own while used as a context manager.

    ``address``: the one it listens on; ``port``: 0 takes a free one. ``models``: the names that
    exist (None: every name but ``missing``); ``resident``: those that are loaded already;
    ``one_host``: behave as one machine with places, loads and evictions (None: every request is
    answered at once). ``stop`` and ``start`` may be called again: it keeps its port.
    """

    def __init__(
        self,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        models: Sequence[str] | None = None,
        resident: Iterable[str] = (),
        one_host: OneHost | None = None,
    ) -> None:
        self.address = address
        self.port = port
        self._api = Api(models=models, resident=resident, one_host=one_host)
        #: How many connections were accepted so far.
        self.connections = 0
        self._handlers: set[asyncio.Task[None]] = set()
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], object] = _nothing
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def host(self) -> str:
        """Its address, as in ``OLLAMA_HOST``."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"http://{address}:{self.port}"

    @property
    def log(self) -> tuple[Exchange, ...]:
        """Every request so far, oldest first; the last 20,000 of them."""
        return tuple(self._api.log)

    def requests(self, path: str, model: str | None = None) -> list[Exchange]:
        """The logged requests of one path, and of one model if given."""
        return [x for x in self.log if x.path == path and model in (None, x.model)]

    def script(self, key: str, steps: Iterable[Step | Behaviour | str]) -> None:
        """What the next generations by a model do, one each; then its name decides again.

        A string is read as a model's name would be; a `Step` holds for several requests or for a
        span of time. A path such as ``/api/ps`` instead of a model scripts that path, ``*`` all.
        """
        self._api.script(key, steps)

    def load(self, *models: str) -> None:
        """Have these models loaded."""
        for name in map(normalise_model, models):
            self._run(self._api.load, name)

    def unload(self, *models: str) -> None:
        """Have these models not loaded (one host: as soon as they are idle); none given: all."""
        for name in list(map(normalise_model, models)) or self._api.loaded():
            self._run(self._api.unload, name)

    @property
    def statistics(self) -> Mapping[str, ModelStatistics]:
        """Figures of one host by normalised model name; any name may be looked up."""
        return self._api.statistics

    def reset_statistics(self) -> None:
        """Begin all figures anew."""
        self._run(self._api.statistics.reset)

    def set_places(self, places: int) -> None:
        """Change the places of one host's models; fewer take effect as requests end."""
        self._run(self._api.set_places, places)

    def _run(self, function: Callable[..., object], *arguments: object) -> None:
        """Run a function on the loop that serves, and wait for it; here, where none runs."""
        loop = self._loop
        if loop is None or not loop.is_running() or _is_current(loop):
            function(*arguments)
            return

        async def call() -> None:
            function(*arguments)

        asyncio.run_coroutine_threadsafe(call(), loop).result()

    def wait_until(self, condition: Callable[[], object], seconds: float = 5.0) -> bool:
        """Whether ``condition`` came true in time, for what the log learns a moment later."""
        end = time.monotonic() + seconds
        while not (met := bool(condition())) and time.monotonic() < end:
            time.sleep(0.01)
        return met

    def start(self) -> None:
        """Listen; returns when connections are accepted."""
        started = threading.Event()
        problems: list[OSError] = []

        async def main() -> None:
            loop, stopped = asyncio.get_running_loop(), asyncio.Event()
            self._stop = lambda: loop.call_soon_threadsafe(stopped.set)
            try:
                server = await self.serve()
            except OSError as error:
                problems.append(error)
                return
            finally:
                started.set()
            await stopped.wait()
            await self.close(server)

        self._thread = threading.Thread(
            target=lambda: asyncio.run(main()), name="fake-ollama", daemon=True
        )
        self._thread.start()
        started.wait()
        if problems:
            raise problems[0]

    def stop(self) -> None:
        """Close the port and every connection, as if the machine were gone."""
        if self._thread is not None:
            self._stop()
            self._thread.join()
            self._thread = None

    async def serve(self) -> asyncio.Server:
        """Listen on the running loop."""
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._connected, self.address, self.port, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        self._api.begin()
        return server

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for mypy: a handler is always a task
        self._handlers.add(task)
        self.connections += 1
        try:
            await self._api.serve(Connection(reader, writer))
        except (ConnectionError, asyncio.CancelledError):
            logger.debug("A connection ended in the middle of a request.")
        finally:
            self._handlers.discard(task)
            writer.close()

    async def close(self, server: asyncio.Server) -> None:
        """Stop listening and end every connection, on the loop that serves."""
        server.close()
        for task in self._handlers:
            task.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    def __enter__(self) -> "FakeOllama":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _is_current(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _nothing() -> None:
    """What there is to stop before the first start."""


if __name__ == "__main__":
    from workers.testing.command import main

    sys.exit(main())
