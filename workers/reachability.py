"""What this process last saw of a model server: whether connections to it are worth a try.

Whoever found a server unreachable spares the others of its process the same wait. The memory is
short, so that nobody depends on who refreshes it.
"""

import time

#: Longer than the pause between two probes of a server that is down.
REMEMBERED_SECONDS = 3.0

_down_since: dict[str, float] = {}


def note(host: str, *, is_up: bool) -> None:
    """Remember how the server was found just now."""
    if is_up:
        _down_since.pop(host, None)
    else:
        _down_since[host] = time.monotonic()


def is_down(host: str) -> bool:
    """Whether the server was found unreachable in the last seconds, and not reachable since."""
    return time.monotonic() - _down_since.get(host, -REMEMBERED_SECONDS) < REMEMBERED_SECONDS
