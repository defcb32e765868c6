"""Single-flight with a TTL and a maximum wait. However many ask, and whatever hangs, there is one
question on its way."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from llmconfig.database.faults import kind_of
from llmconfig.database.outages import outage_log

T = TypeVar("T")

logger = logging.getLogger(__name__)


class SharedAnswer(Generic[T]):
    """``ask`` is called in a thread of its own; what it raises is logged and is no answer."""

    def __init__(self, ask: Callable[[], T], *, kept_seconds: float, wait_seconds: float) -> None:
        self._ask = ask
        self._kept, self._wait = kept_seconds, wait_seconds
        self._lock = threading.Lock()
        self._underway: threading.Event | None = None
        self._answer: T | None = None
        self._until = 0.0
        self._late = False

    def begin(self) -> None:
        """Have it asked if there is no fresh answer, without waiting."""
        self._asked()

    def get(self, *, until: float | None = None) -> T | None:
        """The answer; None where there was none in time.

        Once somebody has waited in vain, nobody waits until that question has ended. ``until``: a
        moment of the monotonic clock, instead of the usual wait.
        """
        underway = self._asked()
        if underway is None:
            return self._answer
        seconds = self._wait if until is None else until - time.monotonic()
        if underway.wait(0 if self._late else max(0, seconds)):
            return self._answer
        self._late = True
        return None

    def forget(self) -> None:
        """Have the next caller ask anew."""
        with self._lock:
            self._until, self._underway, self._late = 0.0, None, False

    def _asked(self) -> threading.Event | None:
        with self._lock:
            if self._underway is None and time.monotonic() >= self._until:
                self._underway = threading.Event()
                threading.Thread(target=self._work, args=(self._underway,), daemon=True).start()
            return self._underway

    def _work(self, done: threading.Event) -> None:
        answer = None
        try:
            answer = self._ask()
        except Exception as error:
            if kind_of(error):
                outage_log.fault(error)
            else:
                logger.exception("A question about a part failed", extra={"action": "part_unasked"})
        with self._lock:
            # Forgotten meanwhile: somebody else asks anew.
            if self._underway is done:
                self._answer, self._underway, self._late = answer, None, False
                self._until = time.monotonic() + self._kept
        done.set()
