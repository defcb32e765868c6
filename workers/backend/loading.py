"""Loading a model before it is asked, so that loading does not spend the attempt's time.

Within a process a model is loaded once at a time, for all who need it. A load goes on while anybody
waits for it: Ollama gives one up when its client leaves.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from llmconfig.model_names import normalise_model
from workers.backend import classify, options, transport
from workers.backend.clients import HostClients
from workers.backend.clock import Clock, milliseconds
from workers.backend.sharing import Shared
from workers.backend.values import GenerationRequest
from workers.outcomes import Cause, Outcome

PS_SECONDS = 2.0
#: Not every server loads on request. Where it only dislikes that one, asking tells what is wrong.
LEFT_TO_ASKING = frozenset(
    {
        Cause.BROKEN_ANSWER,
        Cause.REDIRECTED,
        Cause.REJECTED,
        Cause.NO_SUCH_PATH,
        Cause.INCAPABLE,
    }
)

#: The loaded models of a host, with the context of each if it is told. None: the host did not say.
Listing = Mapping[str, int | None] | None


@dataclass(frozen=True, kw_only=True)
class Residence:
    """Whether a model is loaded as a request needs it, and the context that it is loaded with."""

    ready: bool
    context_window: int | None = None


#: Without an answer we ask at once: the attempt's clock runs, so its limits hold in any case.
UNKNOWN = Residence(ready=True)


class Loader:
    """What is loaded, and loading what is not, for all attempts of a process."""

    def __init__(self) -> None:
        self._listings: Shared[Listing] = Shared()
        self._loads: Shared[None] = Shared()

    async def residence(
        self, clients: HostClients, request: GenerationRequest, clock: Clock
    ) -> Residence:
        """Whether the model is loaded as this request needs it.

        Raises AttemptFailed when the host cannot be reached; any other failure means `UNKNOWN`.
        """
        scope = asyncio.timeout_at(min(time.monotonic() + PS_SECONDS, clock.end))
        try:
            async with scope:
                listing = await self._listings.join(clients.host, lambda: _listing(clients))
        except TimeoutError:
            return UNKNOWN
        return _residence(listing, request)

    async def load(self, clients: HostClients, request: GenerationRequest, clock: Clock) -> int:
        """Have the model loaded; the milliseconds that this took. Raises AttemptFailed."""
        began = time.monotonic()
        key = (clients.host, normalise_model(request.model))
        try:
            async with asyncio.timeout_at(clock.load_end):
                await self._loads.join(key, lambda: _load(clients, request, clock))
        except TimeoutError:
            raise clock.expired(Cause.LOAD_TIMEOUT) from None
        return milliseconds(time.monotonic() - began)


def _residence(listing: Listing, request: GenerationRequest) -> Residence:
    if listing is None:
        return UNKNOWN
    name = normalise_model(request.model)
    if name not in listing:
        return Residence(ready=False)
    wanted, window = options.context_window(request.options), listing[name]
    return Residence(ready=wanted is None or window in (None, wanted), context_window=window)


async def _listing(clients: HostClients) -> Listing:
    seen = transport.watch()
    try:
        async with asyncio.timeout(PS_SECONDS):
            running = await clients.ollama.ps()
    except Exception as error:
        failed = classify.translate(error, seen)
        if failed.outcome is Outcome.HOST:
            raise failed from error
        return None
    return {normalise_model(m.model or m.name or ""): m.context_length for m in running.models}


async def _load(clients: HostClients, request: GenerationRequest, clock: Clock) -> None:
    seen = transport.watch()
    scope = asyncio.timeout(clock.limits.load_timeout_seconds)
    try:
        async with scope:
            await clients.ollama.generate(
                model=request.model,
                options=options.reloading(request.options) or None,
            )
    except Exception as error:
        if scope.expired():
            raise classify.failure(Cause.LOAD_TIMEOUT) from None
        failed = classify.translate(error, seen)
        if failed.cause not in LEFT_TO_ASKING:
            raise failed from error
