"""Behaviours that write on and on, until the client leaves."""

import asyncio
from dataclasses import dataclass

from workers.testing.behaviours.base import Behaviour
from workers.testing.reply import Reply

#: Between two writes; more speed would only heat the room.
PAUSE_SECONDS = 0.005


@dataclass(frozen=True)
class NeverEnding(Behaviour):
    """Tokens as fast as a machine writes them, without an end."""

    seconds: float = PAUSE_SECONDS

    async def answer(self, reply: Reply) -> None:
        while True:
            await asyncio.sleep(self.seconds)
            await reply.token("drop ")


@dataclass(frozen=True)
class Heartbeat(Behaviour):
    """Lines without a token, without an end."""

    seconds: float = 0.05

    async def answer(self, reply: Reply) -> None:
        while True:
            await asyncio.sleep(self.seconds)
            await reply.token("")


@dataclass(frozen=True)
class NeverEndingLine(Behaviour):
    """One line without an end, at full speed: gigabytes, if the client takes them."""

    async def answer(self, reply: Reply) -> None:
        await reply.raw_line(b'{"message": "')
        while True:
            await reply.raw_line(b"x" * 2**16)


@dataclass(frozen=True)
class EndlessHead(Behaviour):
    """A response's head of more and more headers."""

    async def answer(self, reply: Reply) -> None:
        await reply.connection.raw(b"HTTP/1.1 200 OK\r\n")
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            await reply.connection.raw(b"X-More: and more\r\n" * 100)


@dataclass(frozen=True)
class EndlessContinue(Behaviour):
    """100 Continue, again and again, and never the response."""

    async def answer(self, reply: Reply) -> None:
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            await reply.connection.raw(b"HTTP/1.1 100 Continue\r\n\r\n")
