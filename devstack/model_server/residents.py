"""Which names count as loaded, and until when.

The weights stay in memory as long as the server runs. Loading and unloading happen per name and in
the books only, so that clients see what they would see with Ollama: a name is loaded by its first
request, stays for ``keep_alive`` after its last one, and ``/api/ps`` lists it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

DEFAULT_SECONDS = 300.0


@dataclass(frozen=True)
class Resident:
    """A loaded name: its window in tokens and the Unix time when it is unloaded."""

    name: str
    context_length: int
    expires_at: float


class Residents:
    """The loaded names. Used from the event loop only."""

    def __init__(self) -> None:
        self._loaded: dict[str, Resident] = {}
        self._running: dict[str, int] = {}
        #: Names that are unloaded as soon as nothing runs.
        self._leaving: set[str] = set()

    @contextmanager
    def using(self, name: str, keep_alive: float | None, context_length: int) -> Iterator[None]:
        """Count ``name`` as loaded during the block and ``keep_alive`` seconds after it."""
        self._leaving.discard(name)
        self._keep(name, keep_alive, context_length)
        self._running[name] = self._running.get(name, 0) + 1
        try:
            yield
        finally:
            self._running[name] -= 1
            self._keep(name, 0 if name in self._leaving else keep_alive, context_length)

    def unload(self, name: str) -> None:
        """Unload a name as soon as it is idle."""
        if self._running.get(name):
            self._leaving.add(name)
        else:
            self._loaded.pop(name, None)

    def loaded(self) -> list[Resident]:
        """The loaded names, the longest stay first."""
        now = time.time()
        loaded = [
            resident
            for resident in self._loaded.values()
            if resident.expires_at > now or self._running.get(resident.name)
        ]
        return sorted(loaded, key=lambda resident: -resident.expires_at)

    def _keep(self, name: str, seconds: float | None, context_length: int) -> None:
        stay = DEFAULT_SECONDS if seconds is None else seconds
        self._loaded[name] = Resident(name, context_length, time.time() + stay)
