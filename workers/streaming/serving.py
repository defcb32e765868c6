"""One open stream: sends what is new, with back-pressure: nothing is buffered for a slow client.

A slow client is sent the difference when there is room again (`workers.streaming.diff`). One that
reads nothing for ``STUCK_SECONDS`` is closed, and resumes from the last id that it received.
"""

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from workers.streaming import sse
from workers.streaming.cursors import Cursor
from workers.streaming.diff import Row, news
from workers.streaming.feeds import Feed
from workers.streaming.hub import Hub

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

#: A comment goes out after so long a silence, or proxies take the connection for dead.
HEARTBEAT_SECONDS = 15.0
#: How long words of before are waited for.
READY_SECONDS = 0.5
STUCK_SECONDS = 20.0
#: The server buffers what is sent, and says that it has enough only after that.
PIECE_BYTES = 2**15
RETRY_MILLISECONDS = 1000
#: For a client that gets no stream, since its user has so many.
NO_STREAM_RETRY_MILLISECONDS = 5000
#: Clients of a server that stops come back spread over this time.
RETRY_SPREAD_MILLISECONDS = (500, 3000)


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What a client may see, as Django's request found it."""

    run_id: uuid.UUID
    user_id: Any
    row: Row
    told: Cursor
    #: The stream ends after so long, whatever has come.
    seconds: float


class Stream:
    """Of one client."""

    def __init__(self, ticket: Ticket, receive: Receive, send: Send) -> None:
        self._ticket, self._receive, self._send = ticket, receive, send
        self._told = ticket.told
        self._until = time.monotonic() + ticket.seconds
        self._is_gone = False

    async def serve(self, hub: Hub, head: Message) -> None:
        """Stream until the run or the time ends, the client leaves or the server stops. ``head``
        is that of the response, as Django made it."""
        async with hub.watching(self._ticket.run_id, self._ticket.row) as (feed, signal):
            leaving = asyncio.create_task(self._notice_leaving(signal))
            try:
                async with asyncio.timeout(self._ticket.seconds + STUCK_SECONDS):
                    await self._send(head)
                    await self._write(sse.retry_encode(RETRY_MILLISECONDS))
                    await self._follow(hub, feed, signal)
                    await self._send_body(b"", more=False)
            except TimeoutError:
                # A client that reads nothing; the server closes what is not complete.
                return
            finally:
                leaving.cancel()

    async def _follow(self, hub: Hub, feed: Feed, signal: asyncio.Event) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(READY_SECONDS):
                await feed.is_ready.wait()
        while not self._is_gone:
            signal.clear()
            if events := list(news(feed.view, self._told)):
                self._told = events[-1].cursor
                await self._write(sse.events_encode(events))
            if hub.closing:
                spread = random.randint(*RETRY_SPREAD_MILLISECONDS)  # noqa: S311  (jitter)
                await self._write(sse.retry_encode(spread))
            left = self._until - time.monotonic()
            if self._told.ended or hub.closing or left <= 0:
                return
            if not await _is_set(signal, min(left, HEARTBEAT_SECONDS)) and left > HEARTBEAT_SECONDS:
                await self._write(sse.HEARTBEAT)

    async def _write(self, body: bytes) -> None:
        """Raises TimeoutError when the client takes nothing."""
        for start in range(0, len(body), PIECE_BYTES):
            await self._send_body(body[start : start + PIECE_BYTES], more=True)

    async def _send_body(self, body: bytes, *, more: bool) -> None:
        async with asyncio.timeout(STUCK_SECONDS):
            await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def _notice_leaving(self, signal: asyncio.Event) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._is_gone = True
        signal.set()


async def _is_set(signal: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await signal.wait()
    except TimeoutError:
        return False
