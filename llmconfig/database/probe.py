"""Probe of the database, past the pool, which is busy exactly when there is much work."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


@contextmanager
def probe_session(answer_seconds: int) -> Iterator["psycopg.Connection[Any]"]:
    """A session of its own that can write.

    Raises ``psycopg.Error`` (``ReadOnlySqlTransaction`` where it cannot write) and, where no
    database is named, ``ImproperlyConfigured``.
    """
    parameters = {**connection.get_connection_params(), "connect_timeout": answer_seconds}
    parameters["tcp_user_timeout"] = answer_seconds * 1000
    with psycopg.connect(**parameters) as session:
        found = session.execute("SHOW transaction_read_only").fetchone()
        if found == ("on",):
            raise psycopg.errors.ReadOnlySqlTransaction("its sessions are read-only")
        yield session
