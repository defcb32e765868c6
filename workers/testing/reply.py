"""The fake's side of one answer: what behaviours write it with, and what the log knows of it."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from workers.testing import samples, tokens
from workers.testing.ollama_http import reply, window
from workers.testing.ollama_http.connection import Connection, Request
from workers.testing.ollama_http.requests import Generation
from workers.testing.ollama_http.timing import Timing

DEFAULT_CONTEXT = 4096
LONGEST_CONTEXT = 131_072
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


class Reply(reply.Reply):
    """Writes one answer, well or not."""

    def __init__(self, connection: Connection, generation: Generation, exchange: Exchange) -> None:
        super().__init__(connection, generation)
        self.exchange = exchange
        #: When it was loaded, served and read, where that is measured.
        self.timing: Timing | None = None
        #: The window that the model was loaded with, where that is known.
        self.loaded_window: int | None = None
        #: The model can think, and the request does not say not to.
        self.thinks = False
        self._bytewise = False

    @property
    def context_window(self) -> int:
        """Tokens of prompt and answer that there is room for."""
        stated = self.generation.typed_options.get("num_ctx")
        return self.loaded_window or window.window(
            stated, default=DEFAULT_CONTEXT, longest=LONGEST_CONTEXT
        )

    @property
    def prompt_tokens(self) -> int:
        """Tokens of the prompt that the model reads: half of the window of one that is too long."""
        count = tokens.prompt_tokens(self.generation)
        if count < self.context_window:
            return count
        keep = self.generation.typed_options.get("num_keep")
        return sum(window.cut(self.context_window, keep))

    def is_too_long(self) -> bool:
        return tokens.prompt_tokens(self.generation) >= self.context_window

    def check_window(self) -> None:
        """Refuse a prompt too long for the window that must not be cut. Raises RequestError."""
        if self.is_too_long() and not self.generation.truncate:
            raise window.too_long(tokens.prompt_tokens(self.generation), self.context_window)

    def default_text(self) -> str:
        """What a well-behaved model says: valid JSON where a schema is given, else a sentence."""
        wanted = self.generation.format
        if isinstance(wanted, dict):
            return json.dumps(samples.instance(wanted))
        return "{}" if wanted == "json" else f"This is the answer of {self.generation.model}."

    def limited(self, text: str) -> tuple[str, str]:
        """The text as far as ``stop`` and ``num_predict`` let it go, and why it ends."""
        stated = self.generation.typed_options
        for stop in filter(None, stated.get("stop", ())):
            text = text.partition(stop)[0]
        limit, pieces = stated.get("num_predict", 0), tokens.split(text)
        if 0 < limit < len(pieces):
            return "".join(pieces[:limit]), "length"
        return text, "stop"

    async def token(self, text: str, logprobs: Sequence[Mapping[str, Any]] = ()) -> None:
        """Say a piece of the answer."""
        if self.generation.logprobs and not logprobs:
            logprobs = _invented(text, self.generation.top_logprobs)
        await super().token(text, logprobs)
        self.exchange.tokens_sent = self.tokens_sent

    def token_line(self, text: str) -> bytes:
        """The line that says a piece of the answer."""
        return json.dumps(self.part(text)).encode() + b"\n"

    async def done(
        self, reason: str = "stop", *, prompt_tokens: int | None = None, end: bool = True
    ) -> None:
        """Say that the answer is complete; with ``end`` false the response stays open."""
        read = self.prompt_tokens if prompt_tokens is None else prompt_tokens
        metrics = {
            **(DURATIONS if self.timing is None else self.timing.durations()),
            "prompt_eval_count": read,
            "eval_count": self.tokens_sent,
        }
        context = () if self.generation.raw else range(1, read + self.tokens_sent + 1)
        await self.finish(reason, metrics, context=context, end=end)

    async def bytewise(self, texts: Sequence[str]) -> None:
        """A complete streamed answer of these pieces, in chunks of one byte."""
        self._bytewise = True
        for text in texts:
            await self.token(text)
        await self.done()

    async def raw_line(self, data: bytes) -> None:
        """Bytes as a part of a streamed answer."""
        if not self._bytewise:
            await super().raw_line(data)
            return
        for byte in data:
            await super().raw_line(bytes([byte]))

    async def end(self) -> None:
        """End the response properly, whatever was said in it."""
        await self.head()
        if self.generation.stream:
            await self.connection.end()
        else:
            await self.connection.respond(200, b"")

    async def error(
        self, status: int, message: object, headers: Mapping[str, str] | None = None
    ) -> None:
        """Refuse as Ollama does."""
        await self.connection.respond(status, json.dumps({"error": message}).encode(), headers)


def _invented(text: str, alternatives: int) -> list[dict[str, Any]]:
    likely = {"token": text, "logprob": -0.1, "bytes": list(text.encode())}
    others = [{**likely, "logprob": -0.1 - place} for place in range(alternatives)]
    return [{**likely, "top_logprobs": others} if others else likely]
