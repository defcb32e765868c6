"""Loaded models of a host, and the load watch beside a request that makes its model load.

A request is sent at once, loaded or not: Ollama loads the model for it and keeps it until the
answer is there, so that no load is wasted where models are unloaded when idle. To know when the
load has ended, a second request goes beside one that stays silent: generate without a prompt, which
returns as soon as the model is loaded. Single-flight per model and process.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass

from llmconfig.values.model_names import normalise_model
from workers.backends.ollama import classify, options, transport
from workers.backends.ollama.clients import HostClients
from workers.backends.ollama.clock import Clock
from workers.backends.ollama.sharing import Shared
from workers.backends.ollama.values import GenerationRequest
from workers.runs.outcomes import AttemptFailed, Outcome

logger = logging.getLogger(__name__)

PS_SECONDS = 2.0
#: Silence after which the load is watched. Small models are loaded before, and ask for less.
WATCH_AFTER_SECONDS = 0.5

#: The loaded models of a host, with the context of each if it is told. None: the host did not say.
Listing = Mapping[str, int | None] | None


@dataclass(frozen=True, kw_only=True)
class Residence:
    """Whether a model is loaded as a request needs it, and the context that it is loaded with.

    A model that still loads for another request counts as loaded: Ollama lists it already.
    """

    ready: bool
    context_window: int | None = None


#: Without an answer the attempt's own clock runs, so that its limits hold in any case.
UNKNOWN = Residence(ready=True)


class Loader:
    """Listings and load watches, single-flight for all attempts of a process."""

    def __init__(self) -> None:
        self._listings: Shared[Listing] = Shared()
        self._watches: Shared[None] = Shared()

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

    async def watch(self, clients: HostClients, request: GenerationRequest) -> None:
        """Return when the host has loaded the model, or does not say when it has.

        A load that fails ends the request that caused it, which says why.
        """
        key = (clients.host, normalise_model(request.model))
        await self._watches.join(key, lambda: _watch(clients, request))


class Load:
    """Load phase of one attempt: ends the clock's load when the model is loaded.

    That is with the first chunk of the answer (`end`), or when the watch returns.
    """

    def __init__(
        self, loader: Loader, clients: HostClients, request: GenerationRequest, clock: Clock
    ) -> None:
        self._loader, self._clients, self._request = loader, clients, request
        self._clock = clock
        self._watching = asyncio.create_task(self._watch())
        self._listing: asyncio.Task[Residence] | None = None

    def end(self) -> None:
        """End the load, once: the model is loaded."""
        if self._clock.is_loading:
            self._clock.loaded()
            # Only a loaded model has a context to report, and it may leave with its answer.
            self._listing = asyncio.create_task(self._list())
            self._watching.cancel()

    async def residence(self) -> Residence:
        """The model's residence at the end of the load."""
        return await self._listing if self._listing else UNKNOWN

    def cancel(self) -> None:
        """Stop the watch and the listing."""
        self._watching.cancel()
        if self._listing is not None:
            self._listing.cancel()

    async def _watch(self) -> None:
        await asyncio.sleep(WATCH_AFTER_SECONDS)
        await self._loader.watch(self._clients, self._request)
        self.end()

    async def _list(self) -> Residence:
        try:
            return await self._loader.residence(self._clients, self._request, self._clock)
        except AttemptFailed:
            return UNKNOWN


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


async def _watch(clients: HostClients, request: GenerationRequest) -> None:
    seen = transport.watch()
    try:
        await clients.ollama.generate(
            model=request.model, options=options.reloading(request.options) or None
        )
    except Exception as error:
        failed = classify.translate(error, seen)
        logger.debug("The load of %s cannot be watched: %s", request.model, failed.reason)
