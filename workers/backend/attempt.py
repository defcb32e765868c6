"""One attempt, on the event loop: reach the host, ask, follow the load if any, stream the answer.

Every limit is on the wall clock. However an attempt ends, its connection is closed, so that Ollama
stops working on it, and what is raised is `AttemptFailed`.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import cast

import ollama

from workers import output
from workers.backend import classify, hosts, options, transport
from workers.backend.answer import Answer, Hooks
from workers.backend.clients import HostClients
from workers.backend.clock import Clock
from workers.backend.loading import Load
from workers.backend.runtime import Runtime
from workers.backend.transport import Seen
from workers.backend.values import Generation, GenerationRequest, Limits
from workers.outcomes import Cause

logger = logging.getLogger(__name__)

#: An estimate on the safe side: English has about four, German and code three.
CHARACTERS_PER_TOKEN = 3
#: After a complete answer, to read the end of the response: who leaves before counts as gone.
DRAIN_SECONDS = 0.25

Chunks = AsyncGenerator[ollama.ChatResponse, None]


async def attempt(
    runtime: Runtime,
    request: GenerationRequest,
    limits: Limits,
    hooks: Hooks,
) -> Generation:
    """Ask the model once. Raises AttemptFailed."""
    seen, answer = transport.watch(), Answer(hooks)
    clock = Clock(limits)
    try:
        return await _attempt(runtime, request, clock, answer, seen)
    except Exception as error:
        failed = classify.translate(error, seen)
        if failed.cause is Cause.UNEXPECTED:
            logger.exception("An attempt on %s failed in a way that nobody foresaw", request.host)
        answer.note(failed, clock)
        if failed is error:
            raise
        raise failed from error


async def _attempt(
    runtime: Runtime, request: GenerationRequest, clock: Clock, answer: Answer, seen: Seen
) -> Generation:
    window = options.context_window(request.options)
    _check_estimate(request, window)
    clients = runtime.clients(_host(request.host))
    found = await runtime.loader.residence(clients, request, clock)
    clock.ask(is_loaded=found.ready)
    load = None if found.ready else Load(runtime.loader, clients, request, clock)
    try:
        await _stream(clients, request, clock, answer, seen, load)
        if load is not None:
            found = await load.residence()
    finally:
        if load is not None:
            load.cancel()
    measured = answer.measured(clock)
    return Generation(
        content=answer.checked(request.options, actual_window=found.context_window),
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        first_token_ms=measured.first_token_ms or 0,
        duration_ms=measured.duration_ms or 0,
        load_ms=measured.load_ms or 0,
        queue_ms=measured.queue_ms,
        done_reason=answer.done_reason,
    )


async def _stream(
    clients: HostClients,
    request: GenerationRequest,
    clock: Clock,
    answer: Answer,
    seen: Seen,
    load: Load | None,
) -> None:
    seen.reset()
    async with aclosing(_chunks(clients, request)) as chunks:
        try:
            async with clock.running():
                async for chunk in chunks:
                    if load is not None:
                        load.end()
                    if answer.take(chunk):
                        clock.token()
                    if answer.last:
                        break
        except TimeoutError:
            if not clock.has_run_out:
                raise
            if seen.refused:
                raise classify.by_status(seen.status or 0, "", seen) from None
            if not clients.reached_since(clock.began):
                raise classify.failure(Cause.CONNECT_TIMEOUT) from None
            raise clock.expired(has_begun=answer.first_token_at is not None) from None
        if answer.last:
            await _drain(chunks)


async def _chunks(clients: HostClients, request: GenerationRequest) -> Chunks:
    """The answer's chunks, asked for without ``think`` where the server does not know the field.

    A server older than the field has no thinking to switch off, so both requests mean the same.
    """
    think = options.think(request.options)
    try:
        async with aclosing(await _ask(clients, request, think)) as chunks:
            async for chunk in chunks:
                yield chunk
        return
    except ollama.ResponseError as error:
        if think is not False or not classify.refuses_think(error):
            raise
    async with aclosing(await _ask(clients, request, None)) as chunks:
        async for chunk in chunks:
            yield chunk


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


async def _drain(chunks: Chunks) -> None:
    with suppress(Exception):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _chunk in chunks:
                pass


def _check_estimate(request: GenerationRequest, window: int | None) -> None:
    tokens = (len(request.system) + len(request.prompt)) / CHARACTERS_PER_TOKEN
    if window is not None and tokens > window:
        detail = f"about {tokens:.0f} tokens, and the context has {window}"
        raise classify.failure(Cause.CONTEXT_OVERFLOW, detail)


def _host(host: str) -> str:
    try:
        return hosts.normalise(host)
    except ValueError as error:
        raise classify.failure(Cause.UNREACHABLE, f"its address is not valid: {error}") from error
