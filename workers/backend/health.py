"""Short questions to a host that never generate or load anything."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import ollama

from workers.backend import classify, hosts, transport
from workers.backend.runtime import Runtime
from workers.backend.values import HostAnswer, InstalledModel, ModelDetails
from workers.outcomes import AttemptFailed, Cause, one_line

#: A foreign name is cut to what we store.
NAME_LENGTH = 255
#: Refusals that say nothing which only an Ollama can know.
MAYBE_THE_HOSTS = frozenset({Cause.SERVER_ERROR, Cause.MODEL_REFUSED})

T = TypeVar("T")


async def version(runtime: Runtime, host: str, timeout_seconds: float) -> HostAnswer:
    """What ``/api/version`` says; a host that has no such path answers all the same."""
    transport.watch()
    try:
        async with asyncio.timeout(timeout_seconds):
            response = await runtime.clients(hosts.normalise(host)).http.get("/api/version")
    except Exception:
        return HostAnswer(problem="does not answer")
    if refuses_access(response.status_code):
        refusal = f"{response.status_code} {response.reason_phrase}".rstrip()
        return HostAnswer(problem=f"refuses us: {refusal}", refusal=one_line(refusal, NAME_LENGTH))
    try:
        found = response.json()
    except (ValueError, RecursionError):
        return HostAnswer()
    return HostAnswer(version=str(found.get("version", "")) if isinstance(found, dict) else "")


def refuses_access(status: int | None) -> bool:
    """Whether a status may be that of a proxy that lets nothing through to its Ollama."""
    return status is not None and (status in (401, 402, 403, 407) or 500 <= status < 600)


async def of_the_host(
    runtime: Runtime, host: str, failed: AttemptFailed, status: int | None, timeout_seconds: float
) -> AttemptFailed:
    """The failure of the whole host, where it refuses ``/api/version`` too; else ``failed``.

    ``status``: with which it refused the request that failed.
    """
    if failed.cause not in MAYBE_THE_HOSTS or not refuses_access(status) or timeout_seconds <= 0:
        return failed
    answer = await version(runtime, host, timeout_seconds)
    return classify.failure(Cause.HOST_REFUSES, answer.refusal) if answer.refusal else failed


async def installed(
    runtime: Runtime, host: str, timeout_seconds: float
) -> tuple[InstalledModel, ...]:
    """What ``/api/tags`` lists. Raises AttemptFailed."""
    listing = await _asked(runtime, host, timeout_seconds, lambda ollama: ollama.list())
    return tuple(
        InstalledModel(
            name=one_line(model.model, NAME_LENGTH),
            size_bytes=None if model.size is None else int(model.size),
            digest=one_line(model.digest or "", NAME_LENGTH),
        )
        for model in listing.models
        if model.model
    )


async def loaded(runtime: Runtime, host: str, timeout_seconds: float) -> dict[str, int | None]:
    """The names and contexts that ``/api/ps`` lists. Raises AttemptFailed."""
    running = await _asked(runtime, host, timeout_seconds, lambda ollama: ollama.ps())
    named = ((model.model or model.name, model.context_length) for model in running.models)
    return {
        one_line(name, NAME_LENGTH): window if window and window > 0 else None
        for name, window in named
        if name
    }


async def described(
    runtime: Runtime, host: str, model: str, timeout_seconds: float
) -> ModelDetails:
    """What ``/api/show`` tells of one model. Raises AttemptFailed."""
    shown = await _asked(runtime, host, timeout_seconds, lambda ollama: ollama.show(model))
    told = shown.capabilities
    return ModelDetails(
        context_length=_context_length(shown.modelinfo or {}),
        capabilities=None if told is None else tuple(one_line(word, 50) for word in told[:20]),
    )


async def _asked(
    runtime: Runtime,
    host: str,
    timeout_seconds: float,
    ask: Callable[[ollama.AsyncClient], Awaitable[T]],
) -> T:
    """The answer within a limit on the wall clock, which a trickling server cannot stretch."""
    seen = transport.watch()
    scope = asyncio.timeout(timeout_seconds)
    try:
        async with scope:
            return await ask(runtime.clients(hosts.normalise(host)).ollama)
    except Exception as error:
        if scope.expired():
            raise classify.failure(Cause.TIMEOUT) from None
        failed, left = classify.translate(error, seen), scope.when() or 0.0
        raise await of_the_host(
            runtime, host, failed, seen.status, left - time.monotonic()
        ) from error


def _context_length(facts: Mapping[str, Any]) -> int | None:
    """The length that the model was trained with; its key begins with the architecture's name."""
    lengths = [value for key, value in facts.items() if key.endswith(".context_length")]
    return lengths[0] if lengths and type(lengths[0]) is int and lengths[0] > 0 else None
