"""Detecting a prompt that a server cut in silence: a differential probe where its count is suspect.

Every request says ``truncate: false``, and Ollama refuses what is too long. A server that ignores
the field keeps the first few tokens and half of the window, and reports those as the prompt's. The
same count may be that of a shorter prompt which fits. So the prompt is sent again with a few words
more and a limit of one token: the count of a whole prompt grows by them, that of a cut one stays,
and a server that refuses the longer prompt would have refused the first.
"""

import asyncio
import time
from collections.abc import Collection
from contextlib import aclosing
from dataclasses import replace

from workers.backends.ollama import classify
from workers.backends.ollama.answer import Answer
from workers.backends.ollama.chat import chunks_of
from workers.backends.ollama.clients import HostClients
from workers.backends.ollama.clock import Clock
from workers.backends.ollama.transport import Seen
from workers.backends.ollama.values import GenerationRequest
from workers.runs.outcomes import Cause

#: A cut prompt has half of the window and half of what is kept of its beginning: ``num_keep``, 4
#: tokens unless the model states another number. Of a small window it is a fraction.
LONGEST_KEPT, KEPT_SHARE = 64, 8
#: At least one token each, whatever the tokenizer.
MORE_WORDS = "\n1 2 3 4 5 6 7 8"


async def require_whole(
    clients: HostClients,
    request: GenerationRequest,
    clock: Clock,
    answer: Answer,
    seen: Seen,
    windows: Collection[int],
) -> None:
    """Raise AttemptFailed (context overflow) if the answer is to half of its prompt.

    ``windows``: the contexts that the model may have, in tokens.
    """
    count = answer.prompt_tokens
    if count is None or not any(_is_half(count, window) for window in windows):
        return
    if not await _grows(clients, request, clock, count, seen):
        raise classify.failure(Cause.CONTEXT_OVERFLOW, f"Ollama cut the prompt to {count} tokens")


def _is_half(count: int, window: int) -> bool:
    kept = min(LONGEST_KEPT, window // KEPT_SHARE)
    return window // 2 <= count <= (window + kept) // 2


async def _grows(
    clients: HostClients, request: GenerationRequest, clock: Clock, count: int, seen: Seen
) -> bool:
    """Whether the prompt with more words has more tokens. Raises what the client raises."""
    longer = replace(
        request,
        prompt=request.prompt + MORE_WORDS,
        format=None,
        options={**request.options, "max_tokens": 1},
    )
    tokens = 0
    try:
        async with asyncio.timeout_at(_end(clock)), aclosing(chunks_of(clients, longer)) as chunks:
            async for chunk in chunks:
                tokens = chunk.prompt_eval_count or tokens
    except TimeoutError:
        raise classify.failure(Cause.TIMEOUT) from None
    except Exception as error:
        if classify.translate(error, seen).cause is Cause.CONTEXT_OVERFLOW:
            return True
        raise
    return tokens > count


def _end(clock: Clock) -> float:
    return min(time.monotonic() + clock.limits.timeout_seconds, clock.deadline)
