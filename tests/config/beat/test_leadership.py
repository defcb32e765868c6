"""Of several beats one leads."""

import psycopg
import pytest
from django.db import connection

from config.beat import leadership
from config.beat.leadership import LEASE_SECONDS, TRUST_SECONDS, Standing
from tests.proxy import Proxy
from tests.workers.waiting import wait_until


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def end_sessions():
    """As a restart of the database does."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        holders = "FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
        other.execute("SELECT pg_terminate_backend(pid) " + holders, [leadership.LOCK_KEY])


def end_session(pid):
    """Of whoever is asked for by that process of the server."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])


def test_of_two_one_leads(leaderships):
    first, second = leaderships(), leaderships()
    assert first.ask() is Standing.LEADS
    assert second.ask() is Standing.FOLLOWS
    assert first.ask() is Standing.LEADS
    assert (first.held, second.held) == (True, False)


def test_who_stops_makes_way_at_once(leaderships):
    first, second = leaderships(), leaderships()
    first.ask()
    for _ in range(3):
        first.ask()
    first.release()
    assert not first.held
    wait_until(lambda: second.ask() is Standing.LEADS)


def test_who_lost_its_session_notices_before_it_sends(leaderships):
    first, second = leaderships(), leaderships()
    first.ask()
    end_sessions()
    wait_until(lambda: second.ask() is Standing.LEADS)
    assert first.ask() is Standing.ALONE
    assert first.ask() is Standing.FOLLOWS


def test_a_leader_believes_for_less_time_than_the_server_keeps_its_session(leaderships):
    clock = Clock()
    first = leaderships(clock=clock)
    first.ask()
    clock.now += TRUST_SECONDS - 0.1
    assert first.held
    clock.now += 0.1
    assert not first.held
    assert first.ask() is Standing.LEADS
    assert TRUST_SECONDS < LEASE_SECONDS


def test_an_answer_that_took_too_long_proves_nothing(leaderships):
    clock = Clock()

    def slow_connect():
        clock.now += TRUST_SECONDS
        return leadership.connect()

    assert leaderships(connect=slow_connect, clock=clock).ask() is Standing.FOLLOWS


def test_the_server_ends_the_session_of_a_leader_that_is_silent(leaderships, monkeypatch):
    monkeypatch.setattr(leadership, "LEASE_SECONDS", 0.2)
    silent = leaderships()
    silent.ask()
    monkeypatch.undo()
    second = leaderships()
    wait_until(lambda: second.ask() is Standing.LEADS)
    assert silent.ask() is Standing.ALONE


def test_without_a_database_nobody_leads(leaderships):
    def connect():
        raise psycopg.OperationalError("away")

    alone = leaderships(connect=connect)
    assert alone.ask() is Standing.ALONE
    assert not alone.held


def test_who_leads_on_a_server_that_takes_no_changes_leads_no_more(leaderships):
    sessions = []

    def connect():
        sessions.append(leadership.connect())
        return sessions[-1]

    first = leaderships(connect=connect)
    wait_until(lambda: first.ask() is Standing.LEADS)
    # A failover: the session lives on with the primary of before.
    sessions[0].execute("SET default_transaction_read_only = on")
    assert first.ask() is Standing.ALONE
    assert not first.held
    wait_until(lambda: first.ask() is Standing.LEADS)
    assert len(sessions) == 2


@pytest.mark.parametrize("name", ["keepalives_idle", "tcp_user_timeout"])
def test_a_network_that_swallows_packets_is_noticed(name):
    with leadership.connect() as session:
        assert session.info.get_parameters()[name]


def test_a_leader_that_cannot_be_reached_has_stopped_before_another_begins(
    leaderships, monkeypatch
):
    monkeypatch.setattr(leadership, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(leadership, "TRUST_SECONDS", 0.7)
    named = connection.get_connection_params()
    socket = f"{named['host']}/.s.PGSQL.{named.get('port') or 5432}"
    on_disk = named["host"].startswith("/")
    with Proxy(socket if on_disk else (named["host"], int(named["port"]))) as wire:
        through = {"host": "127.0.0.1", "port": wire.port}
        first, second = leaderships(connect=lambda: leadership.connect(**through)), leaderships()
        # On a busy machine an answer may take too long to prove anything.
        wait_until(lambda: first.ask() is Standing.LEADS)
        wire.freeze()
        wait_until(lambda: second.ask() is Standing.LEADS)
        assert not first.held
        wire.thaw()
        assert first.ask() is Standing.ALONE
