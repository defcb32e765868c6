"""A transaction that was rolled back for another's sake is tried again at once."""

import threading

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from llmconfig.database import conflicts
from llmconfig.database.conflicts import TRIES, conflicts_retried


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(conflicts, "PAUSE_SECONDS", 0.0)


def failing(times, sqlstate):
    """A transaction that fails so many times with this code of PostgreSQL."""
    calls = []

    @conflicts_retried
    def work():
        calls.append(1)
        if len(calls) <= times:
            raise OperationalError("x") from psycopg.errors.lookup(sqlstate)("x")
        return len(calls)

    return work, calls


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
def test_a_conflict_is_tried_a_few_times(sqlstate):
    work, _ = failing(TRIES - 1, sqlstate)
    assert work() == TRIES
    work, calls = failing(TRIES, sqlstate)
    with pytest.raises(OperationalError):
        work()
    assert len(calls) == TRIES


@pytest.mark.parametrize("sqlstate", ["57014", "53100", "08006"])
def test_other_faults_are_not_for_trying_at_once(sqlstate):
    work, calls = failing(1, sqlstate)
    with pytest.raises(OperationalError):
        work()
    assert len(calls) == 1


@pytest.mark.django_db
def test_inside_a_transaction_only_the_outermost_begins_anew():
    work, calls = failing(1, "40P01")
    with pytest.raises(OperationalError), transaction.atomic():
        work()
    assert len(calls) == 1


@pytest.mark.database
def test_two_that_wait_for_each_other_both_end(django_db_setup, django_db_blocker):
    both_hold = threading.Barrier(2)
    begun, ended = set(), []

    @conflicts_retried
    def lock(names):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '10ms'")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [names[0]])
            if names not in begun:
                begun.add(names)
                both_hold.wait(10)
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [names[1]])

    def work(names):
        try:
            lock(names)
            ended.append(names)
        finally:
            connection.close()

    with django_db_blocker.unblock():
        threads = [threading.Thread(target=work, args=[each]) for each in ((1, 2), (2, 1))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert sorted(ended) == [(1, 2), (2, 1)]
