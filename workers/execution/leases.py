"""Lease renewal: one thread extends the claims that this process holds.

A few times a second it looks, in one query, which of them are still ours: the work on a run that
was cancelled, deleted or taken over stops within a second. It renews their leases, and asks for
everything back when the worker has to stop. A claim whose work ended while the database was away
is given back as soon as it answers.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from llmconfig.database.faults import FAULT_CLASSES
from workers.background_thread import BackgroundThread
from workers.execution import shutdown
from workers.runs.claims import Claim, claim_release, claims_held, claims_renew, claims_touch

LOOK_EVERY_SECONDS = 0.4
RENEW_EVERY_SECONDS = 10.0
#: How old the time of a run's last token in its row may be.
TOKENS_EVERY_SECONDS = 1.0


class Leases:
    """One per process. The thread starts with the first claim, in a forked child anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[uuid.UUID, Claim] = {}
        self._left: dict[uuid.UUID, Claim] = {}
        #: None until the first claim.
        self.thread: BackgroundThread | None = None
        self._renew_at = 0.0
        self._tokens_at = 0.0

    @contextmanager
    def holding(self, claim: Claim) -> Iterator[None]:
        """Watch over a claim while the block works under it."""
        self._watch(claim)
        try:
            yield
        except FAULT_CLASSES:
            claim.cut_off.set()
            with self._lock:
                self._left[claim.token] = claim
            raise
        finally:
            with self._lock:
                del self._held[claim.token]

    def look(self) -> None:
        """Look once. Raises a fault of the database; the next look renews then."""
        with self._lock:
            held, left = list(self._held.values()), list(self._left.values())
        if shutdown.grace_is_over():
            for claim in held:
                claim.hand_back()
        if held:
            self._look_after(held)
        for claim in left:
            claim_release(claim)
            with self._lock:
                del self._left[claim.token]

    def _look_after(self, held: list[Claim]) -> None:
        try:
            self._renew(held)
            self._note_tokens(held)
            ours = claims_held(held)
        except FAULT_CLASSES:
            for claim in held:
                claim.cut_off.set()
            raise
        for claim in held:
            if claim.token not in ours:
                claim.lost.set()

    def _renew(self, held: list[Claim]) -> None:
        if time.monotonic() >= self._renew_at:
            # Until it has succeeded it stays due.
            claims_renew(held)
            self._renew_at = time.monotonic() + RENEW_EVERY_SECONDS

    def _note_tokens(self, held: list[Claim]) -> None:
        if time.monotonic() < self._tokens_at:
            return
        heard = [claim for claim in held if claim.heard.is_set()]
        if heard:
            for claim in heard:
                claim.heard.clear()
            claims_touch(heard)
            self._tokens_at = time.monotonic() + TOKENS_EVERY_SECONDS

    def _watch(self, claim: Claim) -> None:
        with self._lock:
            self._held[claim.token] = claim
            # A forked child inherits the object, not the thread.
            if self.thread is None or not self.thread.is_alive():
                self.thread = _Watcher(self)
                self.thread.start()


class _Watcher(BackgroundThread):
    every_seconds: ClassVar[float] = LOOK_EVERY_SECONDS

    def __init__(self, held: Leases) -> None:
        super().__init__("leases")
        self._leases = held

    def tick(self) -> None:
        self._leases.look()


leases = Leases()
