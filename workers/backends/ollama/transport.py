"""The HTTP side of a host's clients: bounded, without redirects, proxies or retries, and watched.

The official client keeps neither the headers nor the status of what it fails on, so each exchange
notes them in the `Seen` of its task.
"""

import asyncio
import codecs
import math
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx

USER_AGENT = "llmconfig"
CONNECT_SECONDS = 5.0
#: Above what a worker has in flight at once, so that nobody ever waits for a connection.
MAX_CONNECTIONS = 512
KEPT_CONNECTIONS = 64
#: A token's line is some 150 bytes: this is the longest answer that we accept, and room to spare.
ANSWER_BYTES = 64 * 2**20
OTHER_BYTES = 4 * 2**20
#: The longest answer that we accept, in one line and with every character escaped.
LINE_BYTES = 8 * 2**20
#: What a server says beside a status that is no success; more is not waited for.
EXPLANATION_SECONDS = 1.0
EXPLANATION_BYTES = 64 * 2**10
#: Requests that read a prompt. Ollama cuts one that is too long in silence, unless they say
#: ``truncate: false``, which the official client does not know.
GENERATING = ("/api/chat", "/api/generate")
UNCUT = b'{"truncate":false,'

# httpx ends a line at these characters too. In JSON they can only stand inside a string, where an
# escape means the same.
_LINE_ENDS = {b"\xc2\x85": b"\\u0085", b"\xe2\x80\xa8": b"\\u2028", b"\xe2\x80\xa9": b"\\u2029"}
_CUT_IN_HALF = re.compile(rb"(?:\xc2|\xe2\x80?)\Z")


@dataclass
class Seen:
    """How far the last exchange of this task came."""

    #: A connection stands and the request is on its way.
    connected: bool = False
    #: None until the response's head has arrived.
    status: int | None = None
    headers: httpx.Headers = field(default_factory=httpx.Headers)

    @property
    def refused(self) -> bool:
        """The status has come, and it is no success."""
        return self.status is not None and not 200 <= self.status < 300

    def reset(self) -> None:
        self.connected, self.status, self.headers = False, None, httpx.Headers()


class AnswerTooLarge(httpx.DecodingError):
    """The response has more bytes than any answer of Ollama."""


_seen: ContextVar[Seen] = ContextVar("seen")


def watch() -> Seen:
    """A fresh `Seen`, which the requests of this asyncio task fill from now on."""
    seen = Seen()
    _seen.set(seen)
    return seen


class Transport(httpx.AsyncHTTPTransport):
    """One connection pool for all clients of one host."""

    def __init__(self, *, secure: bool) -> None:
        super().__init__(
            # Reading all certificates takes 0.1 s, which the event loop has for nothing else.
            verify=secure,
            retries=0,
            # Here it means SSL_CERT_FILE; the clients, which would read proxies, do not trust it.
            trust_env=True,
            limits=httpx.Limits(
                max_connections=MAX_CONNECTIONS, max_keepalive_connections=KEPT_CONNECTIONS
            ),
        )
        #: When a connection last stood (``time.monotonic()``), for whichever request.
        self.reached_at = -math.inf

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        seen = _seen.get(None) or watch()
        seen.reset()

        streams: list[httpcore.AsyncNetworkStream] = []

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            if event == "connection.connect_tcp.complete":
                streams.append(info["return_value"])
            elif event == "connection.start_tls.failed":
                # A handshake that is cancelled would leave its socket open for good.
                await streams.pop().aclose()
            elif event == "http11.send_request_headers.started":
                seen.connected, self.reached_at = True, time.monotonic()

        request.headers["User-Agent"] = USER_AGENT
        if request.url.path.endswith(GENERATING):
            _refuse_truncation(request)
        streamed = request.url.path.endswith("/api/chat")
        if streamed:
            # What a broken server sends beyond the answer would be read as the next one.
            request.headers["Connection"] = "close"
        request.extensions = {**request.extensions, "trace": trace}
        response = await super().handle_async_request(request)
        seen.status, seen.headers = response.status_code, response.headers
        # JSON has no other, whatever a header says.
        response.encoding = "utf-8"
        if response.is_success:
            response.stream = _Answer(response, ANSWER_BYTES if streamed else OTHER_BYTES)
        else:
            response.stream = _Explanation(response)
        return response


def _refuse_truncation(request: httpx.Request) -> None:
    """Add ``truncate: false`` to the body, which the client has written as a JSON object."""
    body = UNCUT + request.content.removeprefix(b"{")
    request.stream = httpx.ByteStream(body)
    request.headers["Content-Length"] = str(len(body))


class _Body(httpx.AsyncByteStream):
    """A response's bytes, as we let them through."""

    def __init__(self, response: httpx.Response) -> None:
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - for mypy
        self._stream = response.stream
        self._encoding = response.headers.get("content-encoding", "identity")

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Answer(_Body):
    """So many bytes, in UTF-8, and in lines that we can hold."""

    def __init__(self, response: httpx.Response, limit: int) -> None:
        super().__init__(response)
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._encoding != "identity":
            raise httpx.DecodingError(f"unasked content encoding {self._encoding}")
        utf8 = codecs.getincrementaldecoder("utf-8")()
        size, line, held = 0, 0, b""
        async for chunk in self._stream:
            size += len(chunk)
            line = line + len(chunk) if b"\n" not in chunk else len(chunk) - chunk.rindex(b"\n")
            if size > self._limit or line > LINE_BYTES:
                raise AnswerTooLarge(f"more than {min(self._limit, LINE_BYTES)} bytes")
            _refuse_other_than_utf8(utf8, chunk)
            whole, held = _split(held + chunk)
            if whole:
                yield whole
        if held:
            yield held


class _Explanation(_Body):
    """What comes beside a status that is no success: soon and short, or not at all."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        told = b""
        with suppress(httpx.HTTPError, TimeoutError):
            async with asyncio.timeout(EXPLANATION_SECONDS):
                async for chunk in self._stream:
                    told += chunk
                    if len(told) >= EXPLANATION_BYTES:
                        break
        if self._encoding == "identity":
            yield told[:EXPLANATION_BYTES]


def _refuse_other_than_utf8(decoder: codecs.IncrementalDecoder, chunk: bytes) -> None:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError as error:
        raise httpx.DecodingError("it is not UTF-8") from error


def _split(data: bytes) -> tuple[bytes, bytes]:
    """Bytes with harmless line ends, and the beginning of a character that may be one."""
    half = _CUT_IN_HALF.search(data)
    end = half.start() if half else len(data)
    whole, held = data[:end], data[end:]
    for raw, escaped in _LINE_ENDS.items():
        whole = whole.replace(raw, escaped)
    return whole, held
