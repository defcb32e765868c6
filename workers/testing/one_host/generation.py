"""Tokens at a stated pace: the whole takes its seconds, whatever each sleep adds."""

import asyncio
import time

from workers.testing.one_host.options import Pace
from workers.testing.reply import Reply

#: More writes a second than these would only heat the room.
SHORTEST_PAUSE = 0.005
#: Of a JSON text in one token.
JSON_CHARACTERS = 4


async def generate(reply: Reply, pace: Pace, prompt_tokens: int) -> None:
    """Read the prompt, then send the answer token by token."""
    await asyncio.sleep(pace.prompt_seconds)
    if reply.timing is not None:
        reply.timing.prompt_read()
    pieces = _pieces(reply, pace.tokens)
    sent = pieces[: _stated_limit(reply)]
    await _paced(reply, sent, pace.seconds * len(sent) / len(pieces))
    reason = "length" if len(sent) < len(pieces) else "stop"
    await reply.done(reason, prompt_tokens=prompt_tokens)


def _stated_limit(reply: Reply) -> int | None:
    """``num_predict``; 0 and below state none."""
    limit = (reply.exchange.body.get("options") or {}).get("num_predict")
    return int(limit) if isinstance(limit, int | float) and limit >= 1 else None


def _pieces(reply: Reply, count: int) -> list[str]:
    """The default text in tokens: so many words, or the whole of a JSON text."""
    text = reply.default_text()
    if reply.exchange.body.get("format"):
        size = max(JSON_CHARACTERS, -(-len(text) // count))
        return [text[start : start + size] for start in range(0, len(text), size)]
    words = text.split(" ")
    words += ["word"] * (count - len(words))
    return [words[0], *(f" {word}" for word in words[1:count])]


async def _paced(reply: Reply, pieces: list[str], seconds: float) -> None:
    began = time.monotonic()
    for number, piece in enumerate(pieces, start=1):
        pause = began + seconds * number / len(pieces) - time.monotonic()
        if pause > SHORTEST_PAUSE or number == len(pieces):
            await asyncio.sleep(max(0, pause))
        await reply.token(piece)
