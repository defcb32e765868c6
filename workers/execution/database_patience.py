"""Waiting for the database: writes of a delivery are retried while it is away.

An answer that a model took minutes to write is not thrown away because the database restarts or is
read-only in that second: the write is tried again for as long as the delivery may last. The claim
stays ours meanwhile; if it does not, its token refuses the late write.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

from llmconfig.database.conflicts import TRIES, conflicts_retried
from llmconfig.database.faults import FAULT_CLASSES, kind_of
from llmconfig.database.outages import outage_log

logger = logging.getLogger(__name__)

#: At least so long, however late in its delivery an answer comes.
PATIENCE_SECONDS = 120.0
AGAIN_EVERY_SECONDS = 1.0

T = TypeVar("T")


def patiently(write: Callable[[], T], stop: threading.Event, *, until: float = 0.0) -> T:
    """The result of ``write``, a transaction of its own that may be made again.

    An outage is waited out until ``until`` (of the monotonic clock), and for two minutes at least;
    any other fault is tried a few times. Raises the fault when that was in vain or ``stop`` is set.
    """
    until = max(until, time.monotonic() + PATIENCE_SECONDS)
    tries_left, waits = TRIES, False
    while True:
        try:
            return conflicts_retried(write)()
        except FAULT_CLASSES as error:
            kind = kind_of(error)
            if kind is None or time.monotonic() >= until or stop.is_set():
                raise
            outage_log.fault(error)
            tries_left -= not kind.is_outage
            if not tries_left:
                raise
        if not waits:
            waits = True
            logger.warning("A run waits in its worker for the database")
        connection.close()
        stop.wait(AGAIN_EVERY_SECONDS)
