"""A connection to Redis for one thread, which never waits long."""

import logging
from collections.abc import Sequence
from typing import Any

import redis
from django.conf import settings
from redis.connection import parse_url

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 1.0
#: ValueError: what answers does not speak Redis, or the URL is none.
FAILURES = (redis.RedisError, OSError, ValueError)


class Unavailable(Exception):
    """Redis does not answer, or refuses."""


class Wire:
    """Connects to ``REDIS_URL`` when it is first used, and again after a failure. An outage is
    logged when it begins and when it ends."""

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout_seconds = timeout_seconds
        self._connection: Any = None
        #: How often it has connected.
        self.connected = 0
        self._is_away = False

    def call(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """The answers, all in one round trip. Raises ``Unavailable``; the commands may have been
        done all the same."""
        try:
            answers = self._ask(commands)
        except FAILURES as error:
            self.close()
            self._begin_outage(error)
            raise Unavailable from error
        if self._is_away:
            self._is_away = False
            logger.info("Redis takes events again", extra={"action": "events_back"})
        return answers

    def close(self) -> None:
        if self._connection is not None:
            self._connection.disconnect()
            self._connection = None

    def _ask(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        if self._connection is None:
            return self._call(commands)
        try:
            return self._call(commands)
        except redis.ConnectionError:
            # Redis restarted, or closed what was idle.
            self.close()
            return self._call(commands)

    def _call(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        connection = self._connection = self._connection or self._connect()
        connection.send_packed_command(connection.pack_commands(commands))
        return [connection.read_response() for _ in commands]

    def _connect(self) -> Any:
        self.connected += 1
        options = parse_url(settings.REDIS_URL)  # type: ignore[no-untyped-call]
        kind = options.pop("connection_class", redis.Connection)
        limits = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), self._timeout_seconds)
        return kind(**{**options, **limits, "protocol": 2, "driver_info": None})

    def _begin_outage(self, error: Exception) -> None:
        if self._is_away:
            return
        self._is_away = True
        # Other errors may repeat parts of the URL, and with them a password.
        told = str(error) if isinstance(error, redis.RedisError) else type(error).__name__
        logger.warning(
            "Redis does not take events (%s); who watches a run sees its row instead",
            told,
            extra={"action": "events_away"},
        )
