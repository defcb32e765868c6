"""HTTP/1.1 down to the byte, on asyncio streams: a server that may also misbehave."""

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

JSON = "application/json; charset=utf-8"
NDJSON = "application/x-ndjson"
#: What a client's TLS handshake begins with.
TLS = b"\x16"
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True)
class Request:
    """One request; ``body`` is its JSON object, or empty."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


class Connection:
    """One client's connection, kept open from request to request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._early = b""
        self.closing = False

    async def request(self) -> Request | None:
        """The next request; None when the client has gone, or sent what is none."""
        try:
            first = self._early or await self._reader.readexactly(1)
            self._early = b""
            if first == TLS:
                raise ValueError("this is no HTTPS server")
            head = first + await self._reader.readuntil(b"\r\n\r\n")
            return await self._parsed(head)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        except (asyncio.LimitOverrunError, ValueError) as error:
            await self.respond(400, json.dumps({"error": str(error)}).encode())
            return None

    async def _parsed(self, head: bytes) -> Request:
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        headers = {
            name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        method, path, _version = first.split(" ")
        data = await self._reader.readexactly(int(headers.get("content-length", "0")))
        body = json.loads(data or b"{}")
        if not isinstance(body, dict):
            raise ValueError("the body is no JSON object")
        return Request(method, path.partition("?")[0], headers, body)

    async def gone(self) -> None:
        """Return when the client closes the connection."""
        try:
            self._early = await self._reader.read(1)
        except ConnectionError:
            return
        if self._early:
            # It sent its next request already, so it is there until that is answered.
            await asyncio.Event().wait()

    async def head(self, status: int, headers: Mapping[str, str]) -> None:
        """The status line and headers of a response."""
        lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        await self.raw("\r\n".join([*lines, "", ""]).encode("latin-1"))

    async def respond(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None
    ) -> None:
        """A whole response."""
        known = {"Content-Type": JSON, "Content-Length": str(len(body))}
        await self.head(status, {**known, **(headers or {})})
        await self.raw(body)

    async def begin(self, headers: Mapping[str, str] | None = None) -> None:
        """The head of a streamed response."""
        chunked = {"Content-Type": NDJSON, "Transfer-Encoding": "chunked"}
        await self.head(200, {**chunked, **(headers or {})})

    async def chunk(self, data: bytes) -> None:
        """A part of a streamed response."""
        self._writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await self._writer.drain()

    async def end(self) -> None:
        """The proper end of a streamed response."""
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    async def raw(self, data: bytes) -> None:
        """Bytes as they are."""
        self._writer.write(data)
        await self._writer.drain()

    def cut(self) -> None:
        """Close in the middle, politely (FIN)."""
        self.closing = True
        self._writer.close()

    def reset(self) -> None:
        """Close in the middle, rudely (RST)."""
        self.closing = True
        plug: socket.socket = self._writer.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
