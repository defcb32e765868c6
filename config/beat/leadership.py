"""Leader election among beats: a session's advisory lock in PostgreSQL.

The session is a connection of its own, past the pool. The server ends it after ``LEASE_SECONDS``
without a word, so that a leader that hangs or cannot be reached loses the lock. The leader trusts
its last proof for ``TRUST_SECONDS`` from the moment at which it asked, which is less: it has
stopped before another one begins. What remains possible, a process that stops between its last
look and its message, sends a task twice; what the tasks make is unique in the database.
"""

import enum
import time
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connection

from llmconfig.database.outages import outage_log

LOCK_KEY = 0x6C6C6D62  # "llmb"
#: The server ends a session that is silent for so long.
LEASE_SECONDS = 10.0
#: The leader believes for so long that it is.
TRUST_SECONDS = 7.0
#: A network that swallows packets is noticed before a lease ends.
SOCKET_OPTIONS = {
    "keepalives": 1,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}

_READ_ONLY = "current_setting('transaction_read_only') = 'on'"
_PROVE = f"SELECT {_READ_ONLY}, true"
_TAKE = f"SELECT {_READ_ONLY}, pg_try_advisory_lock(%s)"

Connect = Callable[[], "psycopg.Connection[Any]"]


class Standing(enum.Enum):
    """What a beat is at a moment."""

    LEADS = enum.auto()
    FOLLOWS = enum.auto()
    #: The database cannot be asked.
    ALONE = enum.auto()


def connect(**stated: Any) -> "psycopg.Connection[Any]":
    """A session of its own on Django's database, with what is stated in place of its parameters.

    Raises ``psycopg.OperationalError``.
    """
    parameters = {**connection.get_connection_params(), **SOCKET_OPTIONS, **stated}
    session = psycopg.connect(**parameters, autocommit=True)
    session.execute(f"SET idle_session_timeout = {LEASE_SECONDS * 1000:.0f}")
    return session


class Leadership:
    """One beat's hold on the lock. Used by one thread."""

    def __init__(self, connect: Connect = connect, clock: Callable[[], float] = time.monotonic):
        self._connect, self._clock = connect, clock
        self._session: psycopg.Connection[Any] | None = None
        self._has_lock = False
        self._proven_at = -LEASE_SECONDS

    @property
    def held(self) -> bool:
        """Whether the last proof still counts. Asks nobody."""
        return self._has_lock and self._clock() - self._proven_at < TRUST_SECONDS

    def ask(self) -> Standing:
        """Take the lock if it is free, or prove that we have it."""
        asked_at = self._clock()
        try:
            self._has_lock = self._query()
        except psycopg.Error as error:
            outage_log.fault(error)
            self.release()
            return Standing.ALONE
        self._proven_at = asked_at
        # An answer that took too long may be about a session that is gone by now.
        return Standing.LEADS if self.held else Standing.FOLLOWS

    def release(self) -> None:
        """Give the lock back at once, by ending the session."""
        session, self._session, self._has_lock = self._session, None, False
        if session is not None:
            session.close()

    def _query(self) -> bool:
        if self._session is None:
            self._session = self._connect()
        # Who has the lock already would get it a second time.
        wanted = [] if self._has_lock else [LOCK_KEY]
        row = self._session.execute(_PROVE if self._has_lock else _TAKE, wanted).fetchone()
        is_read_only, is_ours = row or (True, False)
        if is_read_only:
            # A primary of before: the lock that counts is the new one's.
            raise psycopg.errors.ReadOnlySqlTransaction("the session of beat is read-only")
        return bool(is_ours)
