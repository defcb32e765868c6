"""Beats on the suite's own database."""

from contextlib import ExitStack

import pytest
from celery import current_app
from django.db import connection
from django_celery_beat import schedulers

from config.beat import scheduler
from config.beat.leadership import LOCK_KEY, Leadership
from config.beat.scheduler import Scheduler
from tests.workers.waiting import wait_until


@pytest.fixture
def leaderships(db):
    """Makes sessions that may lead; they end with the test."""
    with ExitStack() as stack:

        def make(**options):
            made = Leadership(**options)
            stack.callback(made.release)
            return made

        yield make
    # The server ends a session a moment after it was closed, and its lock with it.
    wait_until(lambda: not _is_led())


def _is_led():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            [LOCK_KEY],
        )
        return cursor.fetchone()[0]


@pytest.fixture
def beats(leaderships, monkeypatch):
    """Makes schedulers that keep what they send in ``sent``."""
    if connection.in_atomic_block:
        # They take the connection of the test's transaction for one that is worn out.
        for module in (schedulers, scheduler):
            monkeypatch.setattr(module, "close_old_connections", lambda: None)

    class Beat(Scheduler):
        def __init__(self, **options):
            self.sent = []
            super().__init__(app=current_app, leadership=leaderships(), **options)
            # At the suite's end there is no table to write to.
            self._finalize.cancel()

        def apply_async(self, entry, **_):
            self.sent.append(entry.name)

        def run(self):
            """Until nothing is due."""
            while self.tick() == 0:
                pass
            return self.standing

    return Beat
