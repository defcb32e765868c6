"""The server loop: connections, one handler for their requests, and a client that leaves."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from workers.testing.ollama_http.connection import Connection, Limits, Request
from workers.testing.ollama_http.errors import RequestError

logger = logging.getLogger(__name__)

Handler = Callable[[Connection, Request], Awaitable[None]]
BACKLOG = 512
BROKEN = RequestError("internal server error", HTTPStatus.INTERNAL_SERVER_ERROR)


class Server:
    """Serves on the running loop.

    ``handler`` answers one request, or raises RequestError. ``idle_seconds``: how long a connection
    may wait for its next request (None: for ever).
    """

    def __init__(
        self, handler: Handler, *, limits: Limits | None = None, idle_seconds: float | None = None
    ) -> None:
        self._handler = handler
        self._limits = limits
        self._idle_seconds = idle_seconds
        self._server: asyncio.Server | None = None
        #: The tasks of open connections, and whether each has a request in the works.
        self._open: dict[asyncio.Task[None], bool] = {}
        #: How many connections were accepted so far.
        self.accepted = 0

    async def listen(self, address: str, port: int) -> int:
        """Listen; the port that was taken."""
        self._server = await asyncio.start_server(self._serve, address, port, backlog=BACKLOG)
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    async def listen_on(self, listener: socket.socket) -> None:
        """Serve on a socket that listens already."""
        self._server = await asyncio.start_server(self._serve, sock=listener, backlog=BACKLOG)

    async def close(self, grace_seconds: float = 0.0) -> None:
        """Stop listening, and end every connection; requests in the works have a moment left."""
        if self._server is not None:
            # asyncio leaks a connection that it has accepted and not begun when its server closes.
            loop = asyncio.get_running_loop()
            for listener in self._server.sockets:
                loop.remove_reader(listener.fileno())
            await asyncio.sleep(0)
            self._server.close()
        for task, works in tuple(self._open.items()):
            if not (works and grace_seconds):
                task.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=grace_seconds or None)
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for mypy: a handler is always a task
        self._open[task] = False
        self.accepted += 1
        try:
            await self._requests(Connection(reader, writer, self._limits), task)
        except (ConnectionError, TimeoutError, asyncio.CancelledError):
            logger.debug("A connection ended in the middle of a request.")
        finally:
            del self._open[task]
            writer.close()

    async def _requests(self, connection: Connection, task: asyncio.Task[None]) -> None:
        while not connection.closing:
            async with asyncio.timeout(self._idle_seconds):
                request = await connection.request()
            if request is None:
                return
            self._open[task] = True
            await self._answer(connection, request)
            self._open[task] = False
            if self._server is None or not self._server.is_serving():
                return

    async def _answer(self, connection: Connection, request: Request) -> None:
        try:
            await self._handler(connection, request)
        except ConnectionError:
            raise
        except RequestError as error:
            await connection.refuse(error)
        except Exception:
            logger.exception("A request could not be answered")
            connection.closing = True
            if not connection.begun:
                await connection.refuse(BROKEN)


async def until_gone(connection: Connection, work: Awaitable[None]) -> bool:
    """Do the work, or drop it when the client leaves; whether it was done.

    Raises what the work raises.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.create_task(connection.gone())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        done = working.done()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.wait({working, leaving})
    if working.cancelled():
        connection.closing = True
        return False
    if isinstance(working.exception(), ConnectionError):
        connection.closing = True
        return False
    working.result()
    return done
