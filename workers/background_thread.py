"""Background threads of a worker process: a periodic look, and a watchdog for looks that hang."""

import logging
import threading
import time
from typing import ClassVar

from django.db import connection

from llmconfig.database.faults import kind_of
from llmconfig.database.outages import outage_log
from workers.metrics import book

logger = logging.getLogger(__name__)

#: A look that takes longer hangs: nothing that a thread waits for has a limit as long as this.
LONGEST_LOOK_SECONDS = 60.0


class BackgroundThread(threading.Thread):
    """Calls ``tick`` every so many seconds until it is stopped; what ``tick`` raises is logged."""

    every_seconds: ClassVar[float] = 1.0
    #: Whether a worker in which it hangs is not healthy.
    is_vital: ClassVar[bool] = True

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._stopped = threading.Event()
        self._looked_at = time.monotonic()

    def tick(self) -> None:
        """One look."""
        raise NotImplementedError

    def stop(self) -> None:
        """End after the current look."""
        self._stopped.set()

    @property
    def turns(self) -> bool:
        """Whether the thread lives and looks: its last look began not long ago."""
        late = time.monotonic() - self._looked_at > self.every_seconds + LONGEST_LOOK_SECONDS
        return self.is_alive() and not late

    def run(self) -> None:
        while not self._stopped.wait(self.every_seconds):
            self.look()

    def look(self) -> None:
        """``tick`` once. Raises nothing, and keeps no connection."""
        self._looked_at = time.monotonic()
        try:
            self.tick()
        except Exception as error:
            book.thread_failed(self.name)
            if kind_of(error):
                # The same outage stops all threads: it is logged once.
                outage_log.fault(error)
                logger.debug("The %s waits for the database", self.name)
            else:
                logger.warning("The %s failed; trying again", self.name, exc_info=True)
        finally:
            connection.close()
