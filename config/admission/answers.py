"""Responses on their way to slow clients."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Any], Awaitable[None]]


class Answer:
    """What Django answers to one request. It goes out when it is whole, beside what Django still
    has to do for the request. ``seconds``: for each of its pieces."""

    def __init__(self, send: Send, seconds: float) -> None:
        self._send, self._seconds = send, seconds
        self._messages: list[Message] = []
        self._sending: asyncio.Task[None] | None = None
        self.size = 0

    async def take(self, message: Message) -> None:
        """Django's ``send``: it waits for nobody."""
        self._messages.append(message)
        self.size += len(message.get("body", b""))
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._sending = asyncio.create_task(self._send_all())

    async def sent(self) -> None:
        """Return when the client has it, or was given up because it takes no piece in time."""
        if self._sending:
            await self._sending

    def give_up(self) -> None:
        """Send no more of it."""
        if self._sending:
            self._sending.cancel()

    async def _send_all(self) -> None:
        try:
            while self._messages:
                async with asyncio.timeout(self._seconds):
                    await self._send(self._messages.pop(0))
        except TimeoutError:
            # The server closes what is not complete.
            self._messages.clear()


class Answers:
    """Those that nobody works on any more: ``together_bytes`` in all."""

    def __init__(self, together_bytes: int) -> None:
        self._room = together_bytes

    @contextmanager
    def kept(self, size: int) -> Iterator[None]:
        """While the block runs there is so much less room."""
        self._room -= size
        try:
            yield
        finally:
            self._room += size

    def has_room(self, size: int) -> bool:
        return size <= self._room
