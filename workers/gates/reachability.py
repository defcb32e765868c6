"""Reachability of model servers, as last seen by this process.

Whoever found a server unreachable spares the others of its process the same wait. The memory is
short, so that nobody depends on who refreshes it. Each change is one line of the log.
"""

import logging
import math
import threading
import time
from typing import NamedTuple

logger = logging.getLogger(__name__)

#: Longer than the pause between two probes of a server that is down.
REMEMBERED_SECONDS = 3.0


class _Absence(NamedTuple):
    #: ``time.monotonic()``; the last time.
    found_at: float
    reason: str


#: By host; what was found up since is not in it.
_absences: dict[str, _Absence] = {}
_lock = threading.Lock()
_NEVER = _Absence(-math.inf, "")


def note(host: str, *, is_up: bool, reason: str = "") -> None:
    """Remember how the server was found just now."""
    with _lock:
        was_up = _absences.pop(host, None) is None
        if not is_up:
            _absences[host] = _Absence(time.monotonic(), reason)
    ids = {"action": "model_server", "host": host, "is_up": is_up}
    if is_up and not was_up:
        logger.info("The model server %s answers again", host, extra=ids)
    elif was_up and not is_up:
        logger.warning("The model server %s is away: %s", host, reason, extra=ids)


def is_down(host: str) -> bool:
    """Whether the server was found unreachable in the last seconds, and not reachable since."""
    return time.monotonic() - _absences.get(host, _NEVER).found_at < REMEMBERED_SECONDS


def reason_of(host: str) -> str:
    """Why the server was last found down; "" where it was found up since."""
    return _absences.get(host, _NEVER).reason
