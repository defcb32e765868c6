"""Connections to the Redis server that holds the cache.

redis-py's connections are used without its client and pool: a client costs as much as the round
trip itself, and would connect again, to a server that restarted, without telling. Each connection
knows the run of the server that it talks to. What a server brought back from its disk or was given
as a replica, which may be older than what was told before, belongs to another run and is never
read.
"""

import os
import re
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import redis
from django.conf import settings
from redis.connection import parse_url

from llmconfig.cache.outage import Outage

TIMEOUT_SECONDS = 0.2
MAX_IDLE = 32
#: ValueError: what answers does not speak Redis, or the URL is none.
_FAILURES = (redis.RedisError, OSError, ValueError)

_NAMED = ("role", "run_id", "master_replid")
_INFO = re.compile(rf"^({'|'.join(_NAMED)}):(\w{{1,8}})", re.MULTILINE)

T = TypeVar("T")


class Unavailable(Exception):
    """Redis does not answer, refuses, or is left alone after it did."""


class Wire:
    """One connection."""

    def __init__(self, url: str) -> None:
        options = parse_url(url)  # type: ignore[no-untyped-call]
        kind = options.pop("connection_class", redis.Connection)
        limits = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
        self._connection = kind(**{**options, **limits, "protocol": 2, "driver_info": None})
        self._connection.connect()
        #: Names this run of the server, since it was started or promoted.
        self.run = self._run()

    def call(self, *command: Any) -> Any:
        """The answer to one command, as bytes."""
        self._connection.send_command(*command)
        return self._connection.read_response()

    def _run(self) -> str:
        told: dict[str, str] = dict(_INFO.findall(self.call("INFO").decode()))
        if told.get("role") != "master" or len(told) != len(_NAMED):
            raise redis.ResponseError(f"INFO tells {told}; needed: a master's {', '.join(_NAMED)}")
        return told["run_id"] + told["master_replid"]


class Server:
    """The connections of this process to one server."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: deque[Wire] = deque(maxlen=MAX_IDLE)
        self.outage = Outage()

    def ask(self, work: Callable[[Wire], T], *, insist: bool = False) -> T:
        """What ``work`` makes of a connection; it may be called twice.

        ``insist``: also try while the server is left alone. Raises ``Unavailable``.
        """
        if self.outage.paused() and not insist:
            raise Unavailable
        try:
            answer = self._ask(work)
        except _FAILURES as error:
            # Other errors may repeat parts of the URL, and with them a password.
            told = str(error) if isinstance(error, redis.RedisError) else type(error).__name__
            self.outage.begin(told)
            raise Unavailable from error
        if self.outage.active:
            self.outage.end()
        return answer

    def _ask(self, work: Callable[[Wire], T]) -> T:
        try:
            wire = self._idle.pop()
        except IndexError:
            return self._work(Wire(self._url), work)
        try:
            return self._work(wire, work)
        except redis.ConnectionError:
            # The server restarted or closed what was idle: the others are of no use either.
            self._idle.clear()
            return self._work(Wire(self._url), work)

    def _work(self, wire: Wire, work: Callable[[Wire], T]) -> T:
        answer = work(wire)
        self._idle.append(wire)
        return answer


_servers: dict[str, Server] = {}


def current() -> Server:
    """The server of ``REDIS_URL``."""
    url: str = settings.REDIS_URL
    server = _servers.get(url)
    return server if server is not None else _servers.setdefault(url, Server(url))


# A connection that parent and child both used would mix their answers.
os.register_at_fork(after_in_child=_servers.clear)
