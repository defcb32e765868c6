"""Memory of a Redis outage: calls are skipped for a moment, and the outage is logged once."""

import logging
import time

logger = logging.getLogger(__name__)

#: How long readers go to the database before one of them tries Redis again.
PAUSE_SECONDS = 1.0


class Outage:
    """What this process knows of one server."""

    def __init__(self) -> None:
        self.active = False
        #: Redis answers again after an outage, and what was owed meanwhile is not delivered yet.
        self.recovered = False
        self._paused_until = 0.0

    def paused(self) -> bool:
        """Whether to leave Redis alone for now. Where the pause is over, one caller is let by."""
        if not self.active:
            return False
        now = time.monotonic()
        if now < self._paused_until:
            return True
        self._paused_until = now + PAUSE_SECONDS
        return False

    def begin(self, reason: str) -> None:
        self._paused_until = time.monotonic() + PAUSE_SECONDS
        if not self.active:
            self.active = True
            logger.warning(
                "The configuration cache does not answer (%s); the database does its work",
                reason,
                extra={"action": "cache_away"},
            )

    def end(self) -> None:
        self.recovered = True
        self.active = False
        logger.info("The configuration cache answers again", extra={"action": "cache_back"})
