"""Whether this process can accept work: the database answers and has what this release needs.

Workers, broker, Redis and model server are no part of it: what they lack waits in the database, and
one dead worker must not take the web tier down.
"""

from functools import cache

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from config.shared_answer import SharedAnswer

ANSWER_SECONDS = 2
READY = ""


class _Migrations:
    """Once applied they stay applied: then nobody looks again."""

    applied = False


@cache
def _needed() -> frozenset[tuple[str, str]]:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return frozenset((app, name) for app, name in loader.graph.nodes)


def unready_part() -> str:
    """``READY``, or the part that keeps the process from accepting work.

    Asked past the pool, which is busy exactly when there is much work.
    """
    try:
        parameters = {**connection.get_connection_params(), "connect_timeout": ANSWER_SECONDS}
        parameters["tcp_user_timeout"] = ANSWER_SECONDS * 1000
        with psycopg.connect(**parameters) as database:
            database.execute("SELECT 1")
            return READY if _Migrations.applied or _migrated(database) else "migrations"
    except (psycopg.Error, ImproperlyConfigured):
        return "database"


def _migrated(database: psycopg.Connection) -> bool:
    try:
        rows = database.execute("SELECT app, name FROM django_migrations").fetchall()
    except psycopg.errors.UndefinedTable:
        return False
    _Migrations.applied = _needed() <= {(app, name) for app, name in rows}
    return _Migrations.applied


#: Shared by all who ask: a probe that anybody may call is no lever for load.
unready = SharedAnswer(unready_part, kept_seconds=1, wait_seconds=ANSWER_SECONDS)
