"""When a worker that stops hands back what it still works on.

At SIGTERM Celery takes no more messages, and what runs has ``LLM_SHUTDOWN_GRACE_SECONDS`` to end.
Then the connections to the model server are closed and the runs wait again, for another worker. A
second signal ends the grace at once.

Only the parent of a prefork pool hears the signal: the moment lies in memory that its children,
made by fork, share.
"""

import mmap
import struct
import time

_MOMENT = struct.Struct("d")
_page = mmap.mmap(-1, _MOMENT.size)


def begin(grace_seconds: float) -> None:
    """Let the grace begin; called again, let it end. Safe in a signal handler."""
    grace = 0.0 if _ends_at() else grace_seconds
    # The same clock in every process of a machine.
    _MOMENT.pack_into(_page, 0, time.monotonic() + grace)


def grace_is_over() -> bool:
    """Whether this worker stops and its grace has passed."""
    ends_at = _ends_at()
    return bool(ends_at) and time.monotonic() >= ends_at


def _ends_at() -> float:
    """0 while nobody asked the worker to stop."""
    moment: float = _MOMENT.unpack_from(_page)[0]
    return moment
