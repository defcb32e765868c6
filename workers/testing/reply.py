"""Ollama's side of one generation: what a behaviour says, in the shape that was asked for."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from workers.testing import samples
from workers.testing.timing import Timing
from workers.testing.wire import Connection, Request

CHARACTERS_PER_TOKEN = 4
DEFAULT_CONTEXT = 4096
#: Of an answer whose parts are not measured, in nanoseconds.
DURATIONS = {
    "total_duration": 5_000_000,
    "load_duration": 1_000_000,
    "prompt_eval_duration": 1_000_000,
    "eval_duration": 3_000_000,
}


@dataclass
class Exchange:
    """One line of the fake's log. ``began_at`` and ``ended_at`` read ``time.monotonic()``."""

    request: Request
    model: str
    behaviour: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    began_at: float = field(default_factory=time.monotonic)
    ended_at: float | None = None
    #: The client left before the answer was complete.
    client_closed: bool = False
    tokens_sent: int = 0

    @property
    def path(self) -> str:
        return self.request.path

    @property
    def body(self) -> Mapping[str, Any]:
        return self.request.body

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it is under way."""
        return None if self.ended_at is None else self.ended_at - self.began_at


class Reply:
    """Writes one answer of ``/api/chat`` or ``/api/generate``, streamed or whole."""

    def __init__(self, connection: Connection, exchange: Exchange) -> None:
        self.connection = connection
        self.exchange = exchange
        self._body = exchange.body
        self._streams = bool(self._body.get("stream", True))
        self._begun = False
        self._bytewise = False
        self._text: list[str] = []
        #: When it was loaded, served and read, where that is measured.
        self.timing: Timing | None = None

    @property
    def prompt_tokens(self) -> int:
        texts = [str(m.get("content", "")) for m in self._body.get("messages", ())]
        return max(
            1, len("".join([*texts, str(self._body.get("prompt", ""))])) // CHARACTERS_PER_TOKEN
        )

    @property
    def stated_window(self) -> int | None:
        """``num_ctx`` of the request, if it states one."""
        window = (self._body.get("options") or {}).get("num_ctx")
        return None if window is None else int(window)

    @property
    def context_window(self) -> int:
        return self.stated_window or DEFAULT_CONTEXT

    def default_text(self) -> str:
        """What a well-behaved model says: valid JSON where a schema is given, else a sentence."""
        wanted = self._body.get("format")
        if isinstance(wanted, dict):
            return json.dumps(samples.instance(wanted))
        return "{}" if wanted == "json" else f"This is the answer of {self.exchange.model}."

    async def head(self) -> None:
        """Send the head of a streamed answer, once; a whole answer has none before its end."""
        if self._streams and not self._begun:
            self._begun = True
            await self.connection.begin()

    async def token(self, text: str) -> None:
        """Say a piece of the answer."""
        self.exchange.tokens_sent += 1
        if self._streams:
            await self.raw_line(self.token_line(text))
        else:
            self._text.append(text)

    def token_line(self, text: str) -> bytes:
        """The line that says a piece of the answer."""
        return _line({**self._shape(text), "done": False})

    async def think(self, text: str) -> None:
        """Say a piece of thinking. Only while streaming."""
        said = {"role": "assistant", "content": "", "thinking": text}
        await self.line({**self._base(), "message": said, "done": False})

    async def done(
        self, reason: str = "stop", *, prompt_tokens: int | None = None, end: bool = True
    ) -> None:
        """Say that the answer is complete; with ``end`` false the response stays open."""
        final = {
            **self._shape("".join(self._text)),
            "done": True,
            "done_reason": reason,
            **(DURATIONS if self.timing is None else self.timing.durations()),
            "prompt_eval_count": self.prompt_tokens if prompt_tokens is None else prompt_tokens,
            "eval_count": self.exchange.tokens_sent,
        }
        if not self._streams:
            await self.connection.respond(200, json.dumps(final).encode())
            return
        await self.line(final)
        if end:
            await self.connection.end()

    async def line(self, value: Mapping[str, Any]) -> None:
        """One JSON line of a streamed answer, its head before it if need be."""
        await self.raw_line(_line(value))

    async def bytewise(self, texts: Sequence[str]) -> None:
        """A complete streamed answer of these pieces, in chunks of one byte."""
        self._bytewise = True
        for text in texts:
            await self.token(text)
        await self.done()

    async def raw_line(self, data: bytes) -> None:
        """Bytes as a part of a streamed answer."""
        await self.head()
        for part in (bytes([byte]) for byte in data) if self._bytewise else (data,):
            await self.connection.chunk(part)

    async def end(self) -> None:
        """End the response properly, whatever was said in it."""
        await self.head()
        if self._streams:
            await self.connection.end()
        else:
            await self.connection.respond(200, b"")

    async def error(
        self, status: int, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Refuse as Ollama does."""
        await self.connection.respond(status, json.dumps({"error": message}).encode(), headers)

    def _base(self) -> dict[str, Any]:
        return {"model": self.exchange.model, "created_at": datetime.now(UTC).isoformat()}

    def _shape(self, text: str) -> dict[str, Any]:
        if self.exchange.path == "/api/generate":
            return {**self._base(), "response": text}
        return {**self._base(), "message": {"role": "assistant", "content": text}}


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
