"""The limits in force, and what holds while Redis is away: log-in alone is still limited.

Everything else is let through then, because an outage of Redis should not become one of the API.
Guessing passwords must not become easier by it, so each process counts log-ins by itself.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from config.api.throttles.rates import Rate, rate_parse
from config.api.throttles.windows import Bucket, ProcessWindow, RedisWindow
from llmconfig.cache.namespace import namespace
from llmconfig.cache.server import Unavailable

logger = logging.getLogger(__name__)

READ, CONFIG_WRITE, SUBMIT, LOGIN = SCOPES = ("read", "config_write", "submit", "login")


def rate_of(scope: str) -> Rate | None:
    """What the setting ``API_RATE_<SCOPE>`` says; None: no limit."""
    return rate_parse(getattr(settings, f"API_RATE_{scope.upper()}"))


class Limits:
    """Counts in Redis, or as best it can."""

    def __init__(self) -> None:
        self._away = False
        self._lock = threading.Lock()
        self._own = ProcessWindow()

    def admit(self, scope: str, buckets: Sequence[Bucket]) -> float:
        """0 and the call counts, or after how many seconds it would."""
        window = RedisWindow(namespace(connections[DEFAULT_DB_ALIAS]))
        try:
            wait = window.admit(buckets)
        except Unavailable:
            self._tell(away=True)
            return self._own.admit(buckets) if scope == LOGIN else 0
        self._tell(away=False)
        return wait

    def _tell(self, *, away: bool) -> None:
        """Once at the begin and once at the end of an outage."""
        with self._lock:
            if away == self._away:
                return
            self._away = away
        say: Callable[..., None] = logger.warning if away else logger.info
        say(
            "Rate limits are not in force: Redis does not take them; log-in is limited per process"
            if away
            else "Rate limits are in force again",
            extra={"action": "limits_away" if away else "limits_back"},
        )


limits = Limits()
