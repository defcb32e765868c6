"""Tokens at a stated pace: the whole takes its seconds, whatever each sleep adds."""

import asyncio
import time

from workers.testing.ollama_http.timing import Timing
from workers.testing.one_host.options import Pace
from workers.testing.reply import Reply

#: More writes a second than these would only heat the room.
SHORTEST_PAUSE = 0.005
#: Of a JSON text in one token.
JSON_CHARACTERS = 4


async def generate(reply: Reply, timing: Timing, pace: Pace) -> None:
    """Read the prompt, then send the answer token by token."""
    await asyncio.sleep(pace.prompt_seconds)
    timing.prompt_read()
    pieces = _pieces(reply, pace.tokens)
    limit = reply.generation.typed_options.get("num_predict", 0)
    sent = pieces[:limit] if limit > 0 else pieces
    await _paced(reply, sent, pace.seconds * len(sent) / len(pieces))
    await reply.done("length" if len(sent) < len(pieces) else "stop")


def _pieces(reply: Reply, count: int) -> list[str]:
    """The default text in tokens: so many words, or the whole of a JSON text."""
    text = reply.default_text()
    if reply.generation.format:
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
