"""Reading a request's body before anybody works on it: bounded in bytes and in time."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Headers = list[tuple[bytes, bytes]]

LENGTH, CODING = b"content-length", b"transfer-encoding"


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

    async def read(self, headers: Headers, receive: Receive) -> bytes:
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


def declared(headers: Headers) -> int:
    """What ``Content-Length`` says; 0 where it is absent or no number: then what comes counts."""
    told = dict(headers).get(LENGTH, b"")
    return int(told) if told.isdigit() and len(told) < 20 else 0


def measured(headers: Headers, body: bytes) -> Headers:
    """The headers with the body's length also where it came in chunks: whoever finds no length
    reads no body."""
    if not body:
        return headers
    rest = [(name, value) for name, value in headers if name not in (LENGTH, CODING)]
    return [*rest, (LENGTH, str(len(body)).encode())]
