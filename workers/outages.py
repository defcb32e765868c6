"""What we do while the database is away.

An answer that a model took minutes to write is not thrown away because the database restarts in
that second: the write is tried again for a while. The claim stays ours meanwhile; if it does not,
its token refuses the late write.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

DATABASE_AWAY = (OperationalError, InterfaceError)
PATIENCE_SECONDS = 120.0
AGAIN_EVERY_SECONDS = 1.0

T = TypeVar("T")


def patiently(write: Callable[[], T], stop: threading.Event) -> T:
    """The result of ``write``, a transaction of its own that may be made again.

    Raises ``DATABASE_AWAY`` when the database stays away for two minutes, or ``stop`` is set.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return write()
        except DATABASE_AWAY as error:
            if time.monotonic() >= until or stop.is_set():
                raise
            logger.warning("The database is away, an outcome waits to be written: %s", error)
        connection.close()
        stop.wait(AGAIN_EVERY_SECONDS)
