"""Writes one answer of ``/api/chat`` or ``/api/generate``, streamed or whole, in Ollama's shape."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from workers.testing.ollama_http import timestamps
from workers.testing.ollama_http.connection import Connection
from workers.testing.ollama_http.errors import RequestError
from workers.testing.ollama_http.requests import Generation


class Reply:
    """The status waits for the first token, so what fails before it has a status of its own."""

    def __init__(self, connection: Connection, generation: Generation) -> None:
        self.connection = connection
        self.generation = generation
        self.tokens_sent = 0
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._logprobs: list[Mapping[str, Any]] = []

    async def head(self) -> None:
        """Send the head of a streamed answer, once; a whole answer has none before its end."""
        if self.generation.stream and not self.connection.begun:
            await self.connection.begin()

    async def token(self, text: str, logprobs: Sequence[Mapping[str, Any]] = ()) -> None:
        """Send a piece of the answer, or keep it for the whole."""
        self.tokens_sent += 1
        if self.generation.stream:
            await self.line(self.part(text, logprobs=logprobs))
        else:
            self._text.append(text)
            self._logprobs.extend(logprobs)

    async def think(self, text: str) -> None:
        """Send a piece of thinking, or keep it for the whole."""
        if self.generation.stream:
            await self.line(self.part("", thinking=text))
        else:
            self._thinking.append(text)

    async def finish(
        self,
        reason: str,
        metrics: Mapping[str, int],
        *,
        context: Sequence[int] = (),
        end: bool = True,
    ) -> None:
        """Send the last line, or the whole answer; with ``end`` false the response stays open.

        ``metrics``: durations in nanoseconds and counts by Ollama's names; zeros are left out.
        """
        final = self.part(
            "".join(self._text), thinking="".join(self._thinking), logprobs=self._logprobs
        )
        final |= {"done": True, "done_reason": reason}
        if context and not self.generation.is_chat:
            final["context"] = list(context)
        final |= {name: value for name, value in metrics.items() if value}
        if not self.generation.stream:
            await self.connection.respond(200, json.dumps(final).encode())
            return
        await self.line(final)
        if end:
            await self.connection.end()

    async def without_generation(self, reason: str) -> None:
        """The answer of a load or an unload: one object, also where a stream was asked for."""
        final = {**self.part(""), "done": True, "done_reason": reason}
        await self.connection.respond(200, json.dumps(final).encode())

    async def line(self, value: Mapping[str, Any]) -> None:
        """One JSON line of a streamed answer."""
        await self.raw_line(json.dumps(value, ensure_ascii=False).encode() + b"\n")

    async def raw_line(self, data: bytes) -> None:
        """Bytes as a part of a streamed answer, its head before them if need be."""
        await self.head()
        await self.connection.chunk(data)

    async def refuse(self, error: RequestError) -> None:
        """An error: with its status, or as the last line where the answer has begun."""
        if not self.connection.begun:
            await self.connection.refuse(error)
            return
        await self.line({"error": error.message})
        await self.connection.end()

    def part(
        self, text: str, *, thinking: str = "", logprobs: Sequence[Mapping[str, Any]] = ()
    ) -> dict[str, Any]:
        """A line that is not the last."""
        thought = {"thinking": thinking} if thinking else {}
        likely = {"logprobs": list(logprobs)} if logprobs else {}
        said: dict[str, Any] = {"response": text, **thought}
        if self.generation.is_chat:
            said = {"message": {"role": "assistant", "content": text, **thought}}
        base = {"model": self.generation.model, "created_at": timestamps.now()}
        return {**base, **said, "done": False, **likely}
