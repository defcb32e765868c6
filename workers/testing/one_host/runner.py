"""A loaded model: its places, its load, and when it may leave."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.testing.one_host.places import Places

SMALLEST_WINDOW = 4
#: Options that a runner is started with: another value of one means another load.
RUNNER_OPTIONS = ("num_batch", "num_gpu", "main_gpu", "use_mmap", "num_thread")


@dataclass(frozen=True)
class LoadOptions:
    """What a model was loaded with; a request that asks for something else makes it load anew."""

    window: int
    shift: bool = True
    others: tuple[Any, ...] = ()


def load_options(body: Mapping[str, Any], *, default: int, longest: int) -> LoadOptions:
    """What the request asks for; the window is raised or lowered in silence, as Ollama does."""
    options = body.get("options") or {}
    stated = options.get("num_ctx")
    window = default if stated is None else int(stated)
    return LoadOptions(
        window=max(SMALLEST_WINDOW, min(window, longest)),
        shift=body.get("shift") is not False,
        others=tuple(options.get(name) for name in RUNNER_OPTIONS),
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

    def leave_later(self, unload: Any) -> None:
        """Idle from now on: have it unloaded after its ``keep_alive``."""
        self._idle_since = time.time()
        self.stay()
        if self.keep_alive != float("inf"):
            loop = asyncio.get_running_loop()
            self._expiry = loop.call_later(self.keep_alive, unload, self)
