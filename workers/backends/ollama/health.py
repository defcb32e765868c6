"""Short questions to a host that never generate or load anything."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import httpx
import ollama

from workers.backends import hosts
from workers.backends.ollama import classify, transport
from workers.backends.ollama.runtime import Runtime
from workers.backends.ollama.values import HostAnswer, InstalledModel, ModelDetails
from workers.runs.outcomes import AttemptFailed, Cause, one_line

#: A foreign name is cut to what we store.
NAME_LENGTH = 255
#: Failures that say nothing which only an Ollama can know.
MAYBE_THE_HOSTS = frozenset(
    {
        Cause.SERVER_ERROR,
        Cause.MODEL_REFUSED,
        Cause.NO_SUCH_PATH,
        Cause.REDIRECTED,
        Cause.BROKEN_ANSWER,
    }
)

T = TypeVar("T")


async def version(runtime: Runtime, host: str, timeout_seconds: float) -> HostAnswer:
    """What ``/api/version`` says. A host that has no such path answers if it lists its models."""
    transport.watch()
    try:
        async with asyncio.timeout(timeout_seconds):
            http = runtime.clients(hosts.normalise(host)).http
            response = await http.get("/api/version")
            found = _object(response)
            if found is not None:
                return HostAnswer(version=str(found.get("version", "")))
            if not _refuses_access(response.status_code):
                listing = await http.get("/api/tags")
                if _object(listing) is not None:
                    return HostAnswer()
    except Exception:
        return HostAnswer(problem="does not answer")
    refusal = one_line(_refusal(response), NAME_LENGTH)
    return HostAnswer(
        problem=f"refuses us: {refusal}", refusal=refusal, status=response.status_code
    )


def _object(response: httpx.Response) -> dict[str, Any] | None:
    """The JSON object of a success; None: it is another answer."""
    try:
        found = response.json() if response.is_success else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refusal(response: httpx.Response) -> str:
    if not response.is_success:
        return f"{response.status_code} {response.reason_phrase}".rstrip()
    return f"it answers with {response.headers.get('content-type') or 'no content type'}"


def _refuses_access(status: int) -> bool:
    return status in (401, 402, 403, 407) or status >= 500


async def of_the_host(
    runtime: Runtime, host: str, failed: AttemptFailed, status: int | None, timeout_seconds: float
) -> AttemptFailed:
    """The failure of the whole host, where it refuses ``/api/version`` alike; else ``failed``.

    ``status``: of the answer that failed.
    """
    if failed.cause not in MAYBE_THE_HOSTS or status is None or timeout_seconds <= 0:
        return failed
    answer = await version(runtime, host, timeout_seconds)
    if not answer.refusal or _kind(answer.status) != _kind(status):
        return failed
    return classify.failure(Cause.HOST_REFUSES, answer.refusal)


def _kind(status: int | None) -> int | None:
    """The status, but that all of 3xx and all of 5xx are one."""
    return status // 100 if status and (300 <= status < 400 or status >= 500) else status


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
