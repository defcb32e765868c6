"""Sending a chat request and reading its answer chunk by chunk."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

import ollama

from workers.backends import output
from workers.backends.ollama import classify, options
from workers.backends.ollama.clients import HostClients
from workers.backends.ollama.values import GenerationRequest

Chunks = AsyncGenerator[ollama.ChatResponse, None]


async def chunks_of(clients: HostClients, request: GenerationRequest) -> Chunks:
    """The answer's chunks. A ``think`` that the server refuses is replaced by the next weaker one.

    A server older than the field has no thinking to switch off, so without it false means the same.
    """
    ways = _ways(request)
    for place, think in enumerate(ways, start=1):
        try:
            async with aclosing(await _ask(clients, request, think)) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        except ollama.ResponseError as error:
            if place == len(ways) or not classify.refuses_think(error):
                raise


def _ways(request: GenerationRequest) -> list[bool | str | None]:
    """The values of ``think`` to try, in order; None: without the field."""
    stated = options.think(request.options)
    if stated is False:
        return [False, None]
    return [stated, False, None] if request.may_skip_thinking else [stated]


async def _ask(
    clients: HostClients, request: GenerationRequest, think: bool | str | None
) -> Chunks:
    """The answer's chunks; the request itself is sent when the first one is read."""
    messages = [
        {"role": role, "content": output.well_formed(text)}
        for role, text in (("system", request.system), ("user", request.prompt))
        if text
    ]
    chunks = await clients.ollama.chat(
        model=request.model,
        messages=messages,
        stream=True,
        think=think,
        format=None if request.format is None else dict(request.format),
        options=options.to_ollama(request.options) or None,
    )
    return cast("Chunks", chunks)
