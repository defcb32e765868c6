"""Hand-back of runs at shutdown: the moment after which a worker gives up what it works on.

At SIGTERM Celery takes no more messages, and what runs has ``LLM_SHUTDOWN_GRACE_SECONDS`` to end.
Then the connections to the model server are closed and the runs wait again, for another worker. A
second signal ends the grace at once.

Only the parent of a prefork pool hears the signal: the moments lie in memory that its children,
made by fork, share.
"""

import itertools
import mmap
import struct
import time

#: When the grace ends: as the first signal says, and as the last one says. 0: none came yet.
_MOMENTS = struct.Struct("dd")
_LAST = struct.calcsize("d")
_page = mmap.mmap(-1, _MOMENTS.size)
_signals = itertools.count()


def begin(grace_seconds: float) -> None:
    """Let the grace begin; called again, let it end.

    For a signal handler, which the next signal may interrupt anywhere: each writes a place of its
    own, and nothing is read.
    """
    # The clock is the same in every process of a machine.
    if next(_signals) == 0:
        struct.pack_into("d", _page, 0, time.monotonic() + grace_seconds)
    else:
        struct.pack_into("d", _page, _LAST, time.monotonic())


def grace_is_over() -> bool:
    """Whether this worker stops and its grace has passed."""
    now = time.monotonic()
    return any(0 < moment <= now for moment in _MOMENTS.unpack_from(_page))
