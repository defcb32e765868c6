"""One attempt, on the event loop: reach the host, load the model if need be, stream the answer.

Every limit is on the wall clock. However an attempt ends, its connection is closed, so that Ollama
stops working on it, and what is raised is `AttemptFailed`.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import cast

import ollama

from workers.backend import classify, hosts, options, transport, truncation
from workers.backend.answer import Answer
from workers.backend.clients import HostClients
from workers.backend.clock import Clock
from workers.backend.loading import Residence
from workers.backend.messages import messages_of
from workers.backend.runtime import Runtime
from workers.backend.transport import Seen
from workers.backend.values import Generation, GenerationRequest, Limits
from workers.outcomes import Cause

logger = logging.getLogger(__name__)

#: After a complete answer, to read the end of the response: who leaves before counts as gone.
DRAIN_SECONDS = 0.25

Chunks = AsyncGenerator[ollama.ChatResponse, None]


async def attempt(
    runtime: Runtime,
    request: GenerationRequest,
    limits: Limits,
    on_text: Callable[[str], None] | None = None,
) -> Generation:
    """Ask the model once. Raises AttemptFailed."""
    seen, answer = transport.watch(), Answer(on_text=on_text)
    clock = Clock(limits)
    try:
        return await _attempt(runtime, request, clock, answer, seen)
    except Exception as error:
        failed = classify.translate(error, seen)
        if failed.cause is Cause.UNEXPECTED:
            logger.exception("An attempt on %s failed in a way that nobody foresaw", request.host)
        answer.note(failed, clock.started)
        if failed is error:
            raise
        raise failed from error


async def _attempt(
    runtime: Runtime, request: GenerationRequest, clock: Clock, answer: Answer, seen: Seen
) -> Generation:
    clients = runtime.clients(_host(request.host))
    found = await runtime.loader.residence(clients, request, clock)
    load_ms = 0
    if not found.ready:
        load_ms = await runtime.loader.load(clients, request, clock)
        clock.restart()
        # Only a loaded model has a context to report.
        found = await runtime.loader.residence(clients, request, clock)
    await _stream(clients, request, clock, answer, seen)
    windows = _windows(request, found)
    await truncation.require_whole(clients, request, clock, answer, seen, windows)
    return Generation(
        content=answer.checked(request.options, actual_window=found.context_window),
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        first_token_ms=answer.first_token_ms(clock.started) or 0,
        duration_ms=answer.duration_ms(clock.started),
        load_ms=load_ms,
        done_reason=answer.done_reason,
    )


async def _stream(
    clients: HostClients, request: GenerationRequest, clock: Clock, answer: Answer, seen: Seen
) -> None:
    seen.reset()
    async with aclosing(await _ask(clients, request)) as chunks:
        whole, token = asyncio.timeout_at(clock.end), asyncio.timeout_at(clock.token_end)
        try:
            async with whole, token:
                async for chunk in chunks:
                    if answer.take(chunk):
                        token.reschedule(clock.token_end)
                    if answer.last:
                        break
        except TimeoutError:
            if not (whole.expired() or token.expired()):
                raise
            if seen.refused:
                raise classify.by_status(seen.status or 0, "", seen) from None
            if not clients.reached_since(clock.began):
                raise classify.failure(Cause.CONNECT_TIMEOUT) from None
            if whole.expired():
                raise clock.expired(Cause.TIMEOUT) from None
            raise classify.failure(
                Cause.STALLED if answer.first_token_at else Cause.SLOW_START
            ) from None
        if answer.last:
            await _drain(chunks)


async def _ask(clients: HostClients, request: GenerationRequest) -> Chunks:
    """The answer's chunks; the request itself is sent when the first one is read."""
    chunks = await clients.ollama.chat(
        model=request.model,
        messages=messages_of(request),
        stream=True,
        format=None if request.format is None else dict(request.format),
        options=options.to_ollama(request.options) or None,
    )
    return cast("Chunks", chunks)


async def _drain(chunks: Chunks) -> None:
    with suppress(Exception):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _chunk in chunks:
                pass


def _windows(request: GenerationRequest, found: Residence) -> set[int]:
    """The contexts that the model may have answered with: stated, reported, or else expected."""
    known = {options.context_window(request.options), found.context_window} - {None}
    return {window for window in known or {request.expected_window} if window}


def _host(host: str) -> str:
    try:
        return hosts.normalise(host)
    except ValueError as error:
        raise classify.failure(Cause.UNREACHABLE, f"its address is not valid: {error}") from error
