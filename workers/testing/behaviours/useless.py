"""Behaviours whose answer is complete and of no use."""

from dataclasses import dataclass

from workers.testing.behaviours.base import Behaviour, Ok
from workers.testing.reply import Reply


@dataclass(frozen=True)
class Empty(Behaviour):
    """Done, without a word."""

    done_reason: str = "stop"

    async def answer(self, reply: Reply) -> None:
        await reply.done(self.done_reason)


@dataclass(frozen=True)
class ThinkingOnly(Behaviour):
    """All tokens go into thinking."""

    done_reason: str = "length"

    async def answer(self, reply: Reply) -> None:
        for word in ("Let ", "me ", "see."):
            await reply.think(word)
        await reply.done(self.done_reason)


@dataclass(frozen=True)
class TooLong(Behaviour):
    """So many characters in one answer, then done."""

    characters: int = 2_000_000

    async def answer(self, reply: Reply) -> None:
        for _ in range(self.characters // 10_000):
            await reply.token("word " * 2_000)
        await reply.done()


@dataclass(frozen=True)
class FullContext(Behaviour):
    """Cut the prompt silently to the context, and invent an answer."""

    async def answer(self, reply: Reply) -> None:
        await Ok(prompt_tokens=reply.context_window).answer(reply)


@dataclass(frozen=True)
class OutOfContext(Behaviour):
    """An answer that breaks off where the context is full."""

    async def answer(self, reply: Reply) -> None:
        await Ok(prompt_tokens=reply.context_window - 3, done_reason="length").answer(reply)


@dataclass(frozen=True)
class Prose(Behaviour):
    """Plain text, whatever schema was asked for."""

    async def answer(self, reply: Reply) -> None:
        await Ok(text="Here is what you asked for, in my own words.").answer(reply)


@dataclass(frozen=True)
class Misfit(Behaviour):
    """JSON that fits no schema but its own."""

    async def answer(self, reply: Reply) -> None:
        await Ok(text='{"unasked": true}').answer(reply)
