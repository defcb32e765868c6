"""Log of database faults: one line when an outage begins, changes or ends, one for other faults.

The state is this process's. The engine reports the end when a session is handed out that can write.
"""

import logging
import threading
import time

from llmconfig.database.faults import Kind, cause_text, kind_of

logger = logging.getLogger(__name__)

#: An outage that nothing was heard of for so long is over: where another engine is used, none
#: reports its end.
FORGOTTEN_SECONDS = 60.0
#: Outages that a session shows to be over; of the others the log has a line now and then.
_SEEN_TO_END = frozenset({Kind.UNREACHABLE, Kind.READ_ONLY})
REPEATED_SECONDS = 10.0


class OutageLog:
    """One per process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kind: Kind | None = None
        self._seen_at = 0.0
        self._logged_at: dict[Kind, float] = {}

    def fault(self, error: BaseException) -> None:
        """Log a fault with its cause."""
        kind = kind_of(error)
        if kind is None:
            return
        if self._is_news(kind):
            _warn(kind, cause_text(error))

    def read_only(self) -> None:
        """A session has been found that cannot write."""
        if self._begins(Kind.READ_ONLY):
            _warn(Kind.READ_ONLY, "its sessions cannot write")

    def over(self) -> None:
        """A session has been found that can write."""
        if self._kind is None:
            return
        with self._lock:
            kind, self._kind = self._kind, None
        if kind is not None:
            logger.warning(
                "The database can be written to again; it was %s",
                kind.value,
                extra={"action": "database_back", "was": kind.value},
            )

    def _is_news(self, kind: Kind) -> bool:
        if not kind.is_outage:
            return True
        if kind in _SEEN_TO_END:
            return self._begins(kind)
        with self._lock:
            now = time.monotonic()
            is_news = now - self._logged_at.get(kind, -REPEATED_SECONDS) >= REPEATED_SECONDS
            if is_news:
                self._logged_at[kind] = now
        return is_news

    def _begins(self, kind: Kind) -> bool:
        with self._lock:
            now = time.monotonic()
            begins = kind is not self._kind or now - self._seen_at > FORGOTTEN_SECONDS
            self._kind, self._seen_at = kind, now
        return begins


def _warn(kind: Kind, cause: str) -> None:
    facts = {"action": "database_fault", "kind": kind.value}
    logger.warning("The database is %s: %s", kind.value, cause, extra=facts)


outage_log = OutageLog()
