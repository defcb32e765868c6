"""Reading a request's body before anybody works on it: bounded in bytes and in time."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class TooLarge(Exception):
    """Longer than is taken from anybody."""


class TooSlow(Exception):
    """Not whole in time."""


class Full(Exception):
    """All bodies together are more than is kept."""


class Gone(Exception):
    """The client left."""


class Bodies:
    """The bodies that are being read or wait: ``most_bytes`` each, ``together_bytes`` in all."""

    def __init__(self, *, most_bytes: int, together_bytes: int, seconds: float) -> None:
        self._most, self._room, self._seconds = most_bytes, together_bytes, seconds

    async def read(self, headers: list[tuple[bytes, bytes]], receive: Receive) -> bytes:
        """The whole body, to be given back by ``release``. Raises the errors above."""
        if declared(headers) > self._most:
            raise TooLarge
        body = bytearray()
        try:
            async with asyncio.timeout(self._seconds):
                while await self._more(body, receive):
                    pass
        except BaseException as error:
            self.release(body)
            if isinstance(error, TimeoutError):
                raise TooSlow from error
            raise
        return bytes(body)

    def release(self, body: bytes | bytearray) -> None:
        self._room += len(body)

    async def _more(self, body: bytearray, receive: Receive) -> bool:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        piece = message.get("body", b"")
        if len(body) + len(piece) > self._most:
            raise TooLarge
        if len(piece) > self._room:
            raise Full
        self._room -= len(piece)
        body += piece
        return bool(message.get("more_body", False))


def declared(headers: list[tuple[bytes, bytes]]) -> int:
    """What ``Content-Length`` says; 0 where it is absent or no number: then what comes counts."""
    told = dict(headers).get(b"content-length", b"")
    return int(told) if told.isdigit() and len(told) < 20 else 0
