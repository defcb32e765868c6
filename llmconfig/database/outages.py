"""Log of database faults: one line when an outage begins, changes or ends; one for any other fault.

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
#: States that end with a session that can write; the others are logged each time.
_LASTING = frozenset({Kind.UNREACHABLE, Kind.READ_ONLY})


class OutageLog:
    """One per process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kind: Kind | None = None
        self._seen_at = 0.0

    def fault(self, error: BaseException) -> None:
        """Log a fault with its cause."""
        kind = kind_of(error)
        if kind is None:
            return
        if kind not in _LASTING or self._begins(kind):
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
