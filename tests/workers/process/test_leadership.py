"""One worker of all has a role, and another has it soon after its end."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from workers.models import Leader
from workers.process import leadership
from workers.process.leadership import ASK_SECONDS, LEASE_SECONDS, Leadership
from workers.process.sweeper import Sweeper

pytestmark = pytest.mark.django_db


@pytest.fixture
def always_asks(monkeypatch):
    monkeypatch.setattr(leadership, "ASK_SECONDS", 0.0)


def let_the_lease_run_out():
    Leader.objects.update(lease_expires_at=Now() - timedelta(seconds=1))


def test_one_of_many_leads(always_asks):
    several = [Leadership("sweeper") for _ in range(3)]
    for _ in range(2):
        assert [each.take() for each in several] == [True, False, False]
    assert Leadership("another").take()


def test_a_leader_that_died_is_followed(always_asks):
    first, second = Leadership("sweeper"), Leadership("sweeper")
    assert first.take()
    let_the_lease_run_out()
    assert second.take()
    assert not first.take()


def test_a_leader_that_stops_is_followed_at_once(always_asks):
    first, second = Leadership("sweeper"), Leadership("sweeper")
    first.take()
    second.release()
    assert not second.take()
    first.release()
    assert second.take()


def test_a_leader_whose_lease_ran_out_takes_nothing_from_its_follower(always_asks):
    first, second = Leadership("sweeper"), Leadership("sweeper")
    first.take()
    let_the_lease_run_out()
    second.take()
    first.release()
    assert second.take()


def test_who_leads_is_not_asked_for_with_each_look(django_assert_num_queries):
    first, second = Leadership("sweeper"), Leadership("sweeper")
    with django_assert_num_queries(2):
        assert [each.take() for each in (first, second) * 10] == [True, False] * 10
    # It has stopped before another one begins.
    assert 2 * ASK_SECONDS < LEASE_SECONDS


@pytest.fixture
def sweeps(monkeypatch):
    """Who has swept."""
    found = []
    monkeypatch.setattr("workers.process.sweeper.sweep", lambda reclaim: found.append(reclaim))
    return found


def test_of_many_workers_one_sweeps(sweeps):
    workers = [Sweeper() for _ in range(4)]
    for worker in workers * 5:
        worker.tick()
    assert len(sweeps) == 5


def test_a_worker_that_follows_has_seen_the_outage_too(always_asks, sweeps, monkeypatch):
    first, second = Sweeper(), Sweeper()
    first.tick()
    second.tick()

    def away(*_):
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(Leadership, "take", away)
        with pytest.raises(OperationalError):
            second.tick()
    let_the_lease_run_out()
    second.tick()
    # It takes no run from a worker that could not renew.
    assert sweeps == [True, False]
