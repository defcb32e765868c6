"""Short questions to a host that never generate or load anything."""

import asyncio

from workers.backend import classify, hosts, transport
from workers.backend.runtime import Runtime
from workers.outcomes import Cause


async def version(runtime: Runtime, host: str, timeout_seconds: float) -> str | None:
    """What ``/api/version`` says, "" if that is no version; None when the host does not answer.

    A 5xx is no answer: something stands before an Ollama that is away.
    """
    transport.watch()
    try:
        async with asyncio.timeout(timeout_seconds):
            response = await runtime.clients(hosts.normalise(host)).http.get("/api/version")
    except Exception:
        return None
    if response.is_server_error:
        return None
    try:
        found = response.json()
    except (ValueError, RecursionError):
        return ""
    return str(found.get("version", "")) if isinstance(found, dict) else ""


async def models(runtime: Runtime, host: str, timeout_seconds: float) -> tuple[str, ...]:
    """The names that ``/api/tags`` lists. Raises AttemptFailed."""
    seen = transport.watch()
    scope = asyncio.timeout(timeout_seconds)
    try:
        async with scope:
            listing = await runtime.clients(hosts.normalise(host)).ollama.list()
    except Exception as error:
        if scope.expired():
            raise classify.failure(Cause.TIMEOUT) from None
        raise classify.translate(error, seen) from error
    return tuple(model.model for model in listing.models if model.model)
