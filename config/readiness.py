"""Readiness: the database accepts writes and has the migrations of this release.

Workers, broker, Redis and model server are no part of it: what they lack waits in the database, and
one dead worker must not take the web tier down.
"""

from dataclasses import dataclass
from functools import cache

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db.migrations.loader import MigrationLoader

from config.shared_answer import SharedAnswer
from llmconfig.database.faults import Kind, kind_of
from llmconfig.database.probe import probe_session

ANSWER_SECONDS = 2


@dataclass(frozen=True)
class Obstacle:
    """What keeps the process from accepting work: a part, and what is wrong with it."""

    part: str
    state: str


SILENT = Obstacle("database", Kind.UNREACHABLE)
UNMIGRATED = Obstacle("migrations", "unapplied")


class _Migrations:
    """Once applied they stay applied: then nobody looks again."""

    applied = False


@cache
def _needed() -> frozenset[tuple[str, str]]:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return frozenset((app, name) for app, name in loader.graph.nodes)


def obstacles() -> tuple[Obstacle, ...]:
    """None, or the first obstacle that was found."""
    try:
        with probe_session(ANSWER_SECONDS) as database:
            return () if _Migrations.applied or _migrated(database) else (UNMIGRATED,)
    except ImproperlyConfigured:
        return (SILENT,)
    except psycopg.Error as error:
        return (Obstacle("database", kind_of(error) or Kind.OTHER),)


def _migrated(database: psycopg.Connection) -> bool:
    try:
        rows = database.execute("SELECT app, name FROM django_migrations").fetchall()
    except psycopg.errors.UndefinedTable:
        return False
    _Migrations.applied = _needed() <= {(app, name) for app, name in rows}
    return _Migrations.applied


#: Shared by all who ask: a probe that anybody may call is no lever for load.
unready = SharedAnswer(obstacles, kept_seconds=1, wait_seconds=ANSWER_SECONDS)
