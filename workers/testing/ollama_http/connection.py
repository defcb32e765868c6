"""One client's HTTP/1.1 connection, down to the byte: a server built on it may also misbehave."""

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any

from workers.testing.ollama_http.errors import BadHttp, RequestError, too_large

JSON = "application/json; charset=utf-8"
NDJSON = "application/x-ndjson"
TEXT = "text/plain; charset=utf-8"
LINGER_SECONDS = 1.0
#: What a client's TLS handshake begins with.
TLS = b"\x16"
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True)
class Limits:
    """How much a client may send: bytes of a body, and of one that is read before it is refused."""

    body: int = 2**28
    #: Many clients read no answer before they have sent everything.
    read: int = 2**28


@dataclass(frozen=True)
class Request:
    """One request; names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes = b""

    @cached_property
    def body(self) -> Mapping[str, Any]:
        """The body, if it is a JSON object; else empty."""
        try:
            found = json.loads(self.content or b"{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


class Connection:
    """Reads requests and writes responses. ``closing``: no further request is read."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        limits: Limits | None = None,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits or Limits()
        self._early = b""
        self._bodiless = False
        self.closing = False
        #: A response to the present request has begun.
        self.begun = False

    async def request(self) -> Request | None:
        """The next request; None when the client has gone, or sent what is none."""
        try:
            first = self._early or await self._reader.readexactly(1)
            self._early, self.begun, self._bodiless = b"", False, False
            if first == TLS:
                raise BadHttp
            return await self._parsed(first + await self._reader.readuntil(b"\r\n\r\n"))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        except asyncio.LimitOverrunError:
            await self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        except (BadHttp, ValueError):
            await self._refuse(HTTPStatus.BAD_REQUEST)
        except RequestError as error:
            self.closing = True
            await self.refuse(error)
            await self._linger()
        return None

    async def _linger(self) -> None:
        """Read on for a moment: to close with bytes unread would reset what was answered."""
        self._writer.write_eof()
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(LINGER_SECONDS):
                while await self._reader.read(2**16):
                    pass

    async def _parsed(self, head: bytes) -> Request:
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        headers = {
            name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        method, target, version = first.split(" ")
        if not version.startswith("HTTP/1."):
            raise BadHttp
        self._bodiless = method == "HEAD"
        words = headers.get("connection", "").lower()
        self.closing = "close" in words or (version == "HTTP/1.0" and "keep-alive" not in words)
        content = await self._content(headers)
        return Request(method, target.partition("?")[0], headers, content)

    async def _content(self, headers: Mapping[str, str]) -> bytes:
        length = headers.get("content-length", "0")
        chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        if not (chunked or length.isdecimal()):
            raise BadHttp
        if not chunked and int(length) > self._limits.read:
            raise too_large(self._limits.body)
        if headers.get("expect", "").lower() == "100-continue":
            await self.raw(b"HTTP/1.1 100 Continue\r\n\r\n")
        content = await self._chunks() if chunked else await self._reader.readexactly(int(length))
        if len(content) > self._limits.body:
            raise too_large(self._limits.body)
        return content

    async def _chunks(self) -> bytes:
        content = bytearray()
        while size := int((await self._reader.readuntil(b"\r\n")).partition(b";")[0], 16):
            if size < 0 or len(content) + size > self._limits.read:
                raise too_large(self._limits.body)
            content += await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        while await self._reader.readuntil(b"\r\n") != b"\r\n":
            pass  # a trailer
        return bytes(content)

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
        self.begun = self.begun or status >= HTTPStatus.OK
        lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        await self.raw("\r\n".join([*lines, "", ""]).encode("latin-1"))

    async def respond(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None
    ) -> None:
        """A whole response; to HEAD without its body."""
        known = {"Content-Type": JSON, "Content-Length": str(len(body))}
        closing = {"Connection": "close"} if self.closing else {}
        await self.head(status, {**known, **closing, **(headers or {})})
        if not self._bodiless:
            await self.raw(body)

    async def refuse(self, error: RequestError) -> None:
        """A whole response with Ollama's ``{"error": text}``."""
        await self.respond(error.status, json.dumps({"error": error.message}).encode())

    async def _refuse(self, status: HTTPStatus) -> None:
        """What is no HTTP is refused as Go's server does, and the connection closed."""
        self.closing = True
        body = f"{status.value} {status.phrase}".encode()
        await self.respond(status, body, {"Content-Type": TEXT})
        await self._linger()

    async def begin(self, headers: Mapping[str, str] | None = None) -> None:
        """The head of a streamed response."""
        chunked = {"Content-Type": NDJSON, "Transfer-Encoding": "chunked"}
        closing = {"Connection": "close"} if self.closing else {}
        await self.head(200, {**chunked, **closing, **(headers or {})})

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
