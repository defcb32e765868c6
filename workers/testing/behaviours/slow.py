"""Behaviours that keep a client waiting."""

import asyncio
from dataclasses import dataclass

from workers.testing.behaviours.base import Behaviour, Ok, say
from workers.testing.reply import Reply


@dataclass(frozen=True)
class Silent(Behaviour):
    """Accept the request and never say anything."""

    async def answer(self, reply: Reply) -> None:
        await asyncio.Event().wait()


@dataclass(frozen=True)
class SilentAfterHead(Behaviour):
    """Send the response's head, then nothing."""

    async def answer(self, reply: Reply) -> None:
        await reply.head()
        await asyncio.Event().wait()


@dataclass(frozen=True)
class SlowHead(Behaviour):
    """Send the response's head a byte at a time."""

    seconds: float = 0.1

    async def answer(self, reply: Reply) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 100_000:
            await reply.connection.raw(bytes([byte]))
            await asyncio.sleep(self.seconds)


@dataclass(frozen=True)
class SlowFirstToken(Behaviour):
    """Answer well, but only after so many seconds."""

    seconds: float = 20.0

    async def answer(self, reply: Reply) -> None:
        await reply.head()
        await asyncio.sleep(self.seconds)
        await Ok().answer(reply)


@dataclass(frozen=True)
class SlowLoad(Behaviour):
    """Take so many seconds to load the model, then answer well."""

    seconds: float = 5.0

    async def load(self, reply: Reply) -> bool:
        await asyncio.sleep(self.seconds)
        return True

    async def answer(self, reply: Reply) -> None:
        await Ok().answer(reply)


@dataclass(frozen=True)
class Trickle(Behaviour):
    """One token every so many seconds, without an end."""

    seconds: float = 1.0

    async def answer(self, reply: Reply) -> None:
        while True:
            await asyncio.sleep(self.seconds)
            await reply.token("drop ")


@dataclass(frozen=True)
class Dribble(Behaviour):
    """A good answer, in chunks of one byte."""

    text: str = "drop by drop"

    async def answer(self, reply: Reply) -> None:
        await reply.bytewise([self.text])


@dataclass(frozen=True)
class DribbledLine(Behaviour):
    """One byte every so many seconds, of a line that never ends."""

    seconds: float = 1.0

    async def answer(self, reply: Reply) -> None:
        await reply.raw_line(b'{"message": "')
        while True:
            await asyncio.sleep(self.seconds)
            await reply.raw_line(b"x")


@dataclass(frozen=True)
class StallAfter(Behaviour):
    """So many tokens, then silence."""

    tokens: int = 3

    async def answer(self, reply: Reply) -> None:
        await say(reply, self.tokens)
        await asyncio.Event().wait()


@dataclass(frozen=True)
class HangAfterDone(Behaviour):
    """A complete answer whose response is never ended."""

    async def answer(self, reply: Reply) -> None:
        await say(reply, 3)
        await reply.done(end=False)
        await asyncio.Event().wait()


@dataclass(frozen=True)
class HangingError(Behaviour):
    """An error status whose body never comes to its end."""

    code: int = 503

    async def answer(self, reply: Reply) -> None:
        await reply.connection.head(self.code, {"Content-Length": "1000"})
        await reply.connection.raw(b'{"error": "server bu')
        await asyncio.Event().wait()
