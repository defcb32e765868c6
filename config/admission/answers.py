"""Answers on their way to their clients, who may read as slowly as they like."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Any], Awaitable[None]]


class Answer:
    """What Django has answered to one request. ``seconds``: for each of its pieces."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._messages: list[Message] = []

    async def take(self, message: Message) -> None:
        """Django's ``send``: it waits for nobody."""
        self._messages.append(message)

    @property
    def size(self) -> int:
        return sum(len(message.get("body", b"")) for message in self._messages)

    async def send(self, send: Send) -> None:
        """To the client; given up where it takes no piece in time."""
        try:
            while self._messages:
                async with asyncio.timeout(self._seconds):
                    await send(self._messages.pop(0))
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
