"""Threads of a worker process that look after something every so often."""

import logging
import threading
from typing import ClassVar

from django.db import connection

logger = logging.getLogger(__name__)


class Ticker(threading.Thread):
    """Calls ``tick`` every so many seconds until it is stopped; what ``tick`` raises is logged."""

    every_seconds: ClassVar[float] = 1.0

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._stopped = threading.Event()

    def tick(self) -> None:
        """One look."""
        raise NotImplementedError

    def stop(self) -> None:
        """End after the current look."""
        self._stopped.set()

    def run(self) -> None:
        while not self._stopped.wait(self.every_seconds):
            try:
                self.tick()
            except Exception:
                logger.warning("The %s failed; trying again", self.name, exc_info=True)
            finally:
                connection.close()
