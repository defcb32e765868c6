"""What a behaviour is, and the one that answers well."""

import asyncio
from dataclasses import dataclass

from workers.testing.reply import Reply


@dataclass(frozen=True)
class Behaviour:
    """The base: subclasses say how they answer, and what loading their model does."""

    async def load(self, reply: Reply) -> bool:
        """Load the model; False when a refusal was sent instead."""
        return True

    async def answer(self, reply: Reply) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class Ok(Behaviour):
    """Answer well: ``text`` (by default one that fits the request) in ``chunks`` pieces.

    The default text ends at the request's ``stop`` and ``num_predict``. A model that can think does
    so first, unless the request says not to.
    """

    text: str | None = None
    chunks: int = 3
    delay: float = 0.0
    prompt_tokens: int | None = None
    done_reason: str = "stop"

    async def answer(self, reply: Reply) -> None:
        text, reason = self.text, self.done_reason
        if text is None:
            text, limited = reply.limited(reply.default_text())
            reason = limited if reason == "stop" else reason
        if reply.thinks:
            await reply.think("Let me think. ")
        size = max(1, -(-len(text) // self.chunks))
        for start in range(0, len(text), size):
            await reply.head()
            await asyncio.sleep(self.delay)
            await reply.token(text[start : start + size])
        await reply.done(reason, prompt_tokens=self.prompt_tokens)


@dataclass(frozen=True)
class EarlyHints(Behaviour):
    """103 Early Hints, then a good answer."""

    async def answer(self, reply: Reply) -> None:
        await reply.connection.head(103, {"Link": "</style.css>"})
        await Ok().answer(reply)


async def say(reply: Reply, tokens: int) -> None:
    """So many tokens of the same word."""
    for _ in range(tokens):
        await reply.token("word ")
