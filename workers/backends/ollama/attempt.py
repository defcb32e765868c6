"""One attempt, on the event loop: reach the host, ask, follow the load if any, stream the answer.

Every limit is on the wall clock. However an attempt ends, its connection is closed, so that Ollama
stops working on it, and what is raised is `AttemptFailed`.
"""

import asyncio
import logging
import time
from contextlib import aclosing, suppress

from workers.backends import hosts
from workers.backends.ollama import classify, health, options, transport, truncation
from workers.backends.ollama.answer import Answer, Hooks
from workers.backends.ollama.chat import Chunks, chunks_of
from workers.backends.ollama.clients import HostClients
from workers.backends.ollama.clock import Clock
from workers.backends.ollama.loading import Load, Residence
from workers.backends.ollama.runtime import Runtime
from workers.backends.ollama.transport import Seen
from workers.backends.ollama.values import Generation, GenerationRequest, Limits
from workers.runs.outcomes import AttemptFailed, Cause

logger = logging.getLogger(__name__)

#: After a complete answer, to read the end of the response: who leaves before counts as gone.
DRAIN_SECONDS = 0.25
#: To ask a host that refused a request whether it refuses everything.
REFUSAL_SECONDS = 2.0


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
        failed = await _of_the_host(runtime, request.host, failed, clock, seen)
        if failed is error:
            raise
        raise failed from error


async def _of_the_host(
    runtime: Runtime, host: str, failed: AttemptFailed, clock: Clock, seen: Seen
) -> AttemptFailed:
    left = min(REFUSAL_SECONDS, clock.deadline - time.monotonic())
    return await health.of_the_host(runtime, host, failed, seen.status, left)


async def _attempt(
    runtime: Runtime, request: GenerationRequest, clock: Clock, answer: Answer, seen: Seen
) -> Generation:
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
    windows = _windows(request, found)
    await truncation.require_whole(clients, request, clock, answer, seen, windows)
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
    async with aclosing(chunks_of(clients, request)) as chunks:
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
