"""Django's engine for PostgreSQL; sessions that cannot write leave the pool.

After a failover the sessions with the old primary stay open and read-only. Each session is checked
when it is taken from the pool, in the round trip that a health check takes anyway (so
``CONN_HEALTH_CHECKS`` stays off). A read-only one has the whole pool replaced, at most every
``RENEW_SECONDS``; if the new sessions cannot write either, they serve to read. Without a pool every
request has a session of its own, and nothing is checked.

Not for an alias of a standby, which is read-only by design.
"""

import threading
import time
from typing import Any, ClassVar

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import PoolTimeout

from llmconfig.database.outages import outage_log

#: How soon after a new primary accepts connections it is found, while there is work.
RENEW_SECONDS = 2.0
#: A failure to connect explains a wait for so long. The pool pauses up to 4 s between two tries.
RECENT_SECONDS = 10.0


class Session(psycopg.Connection[Any]):
    """A connection whose class remembers why the last attempt to connect failed.

    The pool connects in a thread of its own, and says only that it took too long.
    """

    failure: ClassVar[tuple[float, psycopg.Error] | None] = None

    @classmethod
    def connect(cls, *args: Any, **kwargs: Any) -> "Session":
        try:
            session = super().connect(*args, **kwargs)
        except psycopg.Error as error:
            Session.failure = (time.monotonic(), error)
            raise
        Session.failure = None
        return session


class Renewal:
    """When the sessions of one pool are replaced: when they turn read-only or writable, and every
    ``RENEW_SECONDS`` while they are read-only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_read_only = False
        self._due_at = 0.0

    def is_due(self, *, is_read_only: bool) -> bool:
        """Whether this session is the reason to replace all; then the others are no more."""
        with self._lock:
            now = time.monotonic()
            due = is_read_only is not self._is_read_only or (is_read_only and now >= self._due_at)
            self._is_read_only = is_read_only
            if due:
                self._due_at = now + RENEW_SECONDS
        return due

    def note(self, *, is_read_only: bool) -> None:
        """What the first of the new sessions is."""
        with self._lock:
            self._is_read_only = is_read_only


class DatabaseWrapper(base.DatabaseWrapper):
    """Named by ``ENGINE``."""

    _renewals: ClassVar[dict[str, Renewal]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pool = self.settings_dict["OPTIONS"].get("pool")
        if isinstance(pool, dict):
            pool.setdefault("connection_class", Session)

    def get_new_connection(self, conn_params: Any) -> Any:
        if not self.pool:
            return super().get_new_connection(conn_params)
        session, is_read_only = self._checked_session(conn_params)
        renewal = self._renewals.setdefault(self.alias, Renewal())
        if renewal.is_due(is_read_only=is_read_only):
            self.pool.drain()
            if is_read_only:
                self.pool.putconn(session)
                session, is_read_only = self._checked_session(conn_params)
                renewal.note(is_read_only=is_read_only)
        if is_read_only:
            outage_log.read_only()
        else:
            outage_log.over()
        return session

    def _checked_session(self, conn_params: Any) -> tuple[Any, bool]:
        """A live session, and whether it is read-only. A dead one is replaced by the pool."""
        for tries_left in reversed(range(self.pool.max_size + 1)):
            session = self._session(conn_params)
            try:
                # One that was closed in a transaction comes back without.
                session.autocommit = True
                found = session.execute("SHOW transaction_read_only").fetchone()
                return session, found[0] == "on"
            except psycopg.Error:
                session.close()
                self.pool.putconn(session)
                if not tries_left:
                    raise
        raise AssertionError("the last try returns or raises")

    def _session(self, conn_params: Any) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except PoolTimeout:
            if Session.failure and time.monotonic() - Session.failure[0] < RECENT_SECONDS:
                raise Session.failure[1] from None
            raise
