"""The HTTP side of a host's clients: bounded, without redirects, proxies or retries, and watched.

The official client keeps neither the headers nor the status of what it fails on, so each exchange
notes them in the `Seen` of its task.
"""

import re
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import httpx

USER_AGENT = "llmconfig"
CONNECT_SECONDS = 5.0
#: Above what a worker has in flight at once, so that nobody ever waits for a connection.
MAX_CONNECTIONS = 512
KEPT_CONNECTIONS = 64
#: A token's line is some 150 bytes: this is the longest answer that we accept, and room to spare.
ANSWER_BYTES = 64 * 2**20
OTHER_BYTES = 4 * 2**20

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

    def reset(self) -> None:
        self.connected, self.status, self.headers = False, None, httpx.Headers()

    async def trace(self, event: str, _info: Any) -> None:
        if event == "http11.send_request_headers.started":
            self.connected = True


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

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        seen = _seen.get(None) or watch()
        seen.reset()
        request.headers["User-Agent"] = USER_AGENT
        request.extensions = {**request.extensions, "trace": seen.trace}
        response = await super().handle_async_request(request)
        seen.status, seen.headers = response.status_code, response.headers
        streamed = response.is_success and request.url.path.endswith("/api/chat")
        response.stream = _Bounded(response, ANSWER_BYTES if streamed else OTHER_BYTES)
        return response


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, response: httpx.Response, limit: int) -> None:
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - for mypy
        self._stream = response.stream
        self._limit = limit
        self._encoding = response.headers.get("content-encoding", "identity")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._encoding != "identity":
            raise httpx.DecodingError(f"unasked content encoding {self._encoding}")
        size, held = 0, b""
        async for chunk in self._stream:
            size += len(chunk)
            if size > self._limit:
                raise AnswerTooLarge(f"more than {self._limit} bytes")
            whole, held = _split(held + chunk)
            if whole:
                yield whole
        if held:
            yield held

    async def aclose(self) -> None:
        await self._stream.aclose()


def _split(data: bytes) -> tuple[bytes, bytes]:
    """Bytes with harmless line ends, and the beginning of a character that may be one."""
    half = _CUT_IN_HALF.search(data)
    end = half.start() if half else len(data)
    whole, held = data[:end], data[end:]
    for raw, escaped in _LINE_ENDS.items():
        whole = whole.replace(raw, escaped)
    return whole, held
