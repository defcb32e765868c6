"""What this process last saw of a model server: whether connections to it are worth a try.

Whoever found a server unreachable spares the others of its process the same wait. The memory is
short, so that nobody depends on who refreshes it. Each change is one line of the log.
"""

import logging
import time

logger = logging.getLogger(__name__)

#: Longer than the pause between two probes of a server that is down.
REMEMBERED_SECONDS = 3.0

#: When each was last found down; what was found up since is not in it.
_down_since: dict[str, float] = {}


def note(host: str, *, is_up: bool, reason: str = "") -> None:
    """Remember how the server was found just now."""
    was_down = host in _down_since
    if is_up:
        _down_since.pop(host, None)
    else:
        _down_since[host] = time.monotonic()
    if was_down is is_up:
        ids = {"action": "model_server", "host": host, "is_up": is_up}
        if is_up:
            logger.info("The model server %s answers again", host, extra=ids)
        else:
            logger.warning("The model server %s is away: %s", host, reason, extra=ids)


def is_down(host: str) -> bool:
    """Whether the server was found unreachable in the last seconds, and not reachable since."""
    return time.monotonic() - _down_since.get(host, -REMEMBERED_SECONDS) < REMEMBERED_SECONDS
