"""A loaded model: its places, its load, and when it may leave."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workers.testing.ollama_http import window
from workers.testing.ollama_http.requests import Generation
from workers.testing.one_host.options import OneHost
from workers.testing.one_host.places import Places

#: Options that a runner is started with: another value of one means another load.
RUNNER_OPTIONS = ("num_batch", "num_gpu", "main_gpu", "use_mmap", "num_thread")


@dataclass(frozen=True)
class LoadOptions:
    """What a model was loaded with; a request that asks for something else makes it load anew."""

    window: int
    shift: bool = True
    others: tuple[Any, ...] = ()


def load_options(generation: Generation, host: OneHost) -> LoadOptions:
    """What the request asks for."""
    stated = generation.typed_options
    return LoadOptions(
        window=window.window(
            stated.get("num_ctx"), default=host.context_length, longest=host.longest_context
        ),
        shift=generation.shift,
        others=tuple(stated.get(name) for name in RUNNER_OPTIONS),
    )


class Runner:
    """One loaded, or loading, model. Used on the event loop only."""

    def __init__(self, model: str, options: LoadOptions, *, places: int, keep_alive: float) -> None:
        self.model = model
        self.options = options
        self.places = Places(places)
        self.keep_alive = keep_alive
        #: Requests that use it or wait in it.
        self.references = 0
        self.ready = asyncio.Event()
        self._idle_since = time.time()
        self._expiry: asyncio.TimerHandle | None = None
        self.loading: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        return self.references == 0

    @property
    def expires_at(self) -> float:
        """Unix time, infinite for never; while it is in use, counted from now."""
        return (self._idle_since if self.idle else time.time()) + self.keep_alive

    def use(self, keep_alive: float | None) -> None:
        """One more request; a ``keep_alive`` that it states replaces the present one.

        So a request with a positive one undoes an eviction that waits for idleness.
        """
        self.references += 1
        if keep_alive is not None:
            self.keep_alive = keep_alive
        self.stay()

    def stay(self) -> None:
        """Stop the timer that unloads it."""
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    def leave_later(self, unload: "Callable[[Runner], None]") -> None:
        """Idle from now on: have it unloaded after its ``keep_alive``."""
        self._idle_since = time.time()
        self.stay()
        if self.keep_alive != float("inf"):
            loop = asyncio.get_running_loop()
            self._expiry = loop.call_later(self.keep_alive, unload, self)
