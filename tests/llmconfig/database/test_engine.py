"""Sessions that cannot write leave the pool."""

import threading

import psycopg
import pytest
from django.db import InternalError, OperationalError, connection, transaction

from llmconfig.database import base
from llmconfig.database.faults import Kind, kind_of
from llmconfig.database.outages import OutageLog
from llmconfig.models import Preference
from tests.workers.waiting import wait_until

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def fresh(django_db_setup, django_db_blocker, monkeypatch):
    """A process that has seen no outage yet, outside of any transaction."""
    monkeypatch.setattr(base, "outage_log", OutageLog())
    monkeypatch.setattr(base.DatabaseWrapper, "_renewals", {})
    with django_db_blocker.unblock():
        connection.close()
        connection.close_pool()
        yield
        connection.close()
        connection.close_pool()


def write():
    """Write a row, and leave none."""
    with transaction.atomic():
        Preference.objects.create(model="a:1b")
        transaction.set_rollback(True)


def in_threads(count, work):
    """Have so many threads hold a session at once."""
    together = threading.Barrier(count)

    def hold():
        connection.ensure_connection()
        together.wait(10)
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=hold) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def stay_read_only():
    """What a failover makes of a session: it lives on with a server that takes no changes."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")


def pid():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


@pytest.fixture
def read_only_database():
    """Has new sessions be read-only; a function ends that, as a new primary does."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as owner:

        def turn(state):
            owner.execute("SET default_transaction_read_only = off")
            owner.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {state}")

        turn("on")
        yield lambda: turn("off")
        owner.execute("SET default_transaction_read_only = off")
        owner.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


def test_a_session_that_turned_read_only_is_not_used_again():
    stay_read_only()
    with pytest.raises(InternalError, match="read-only"):
        write()
    connection.close()
    write()


def test_all_sessions_of_the_pool_are_replaced_with_the_first_that_is_found():
    pids = set()

    def work():
        stay_read_only()
        pids.add(pid())

    in_threads(4, work)
    assert len(pids) == 4
    write()
    connection.close()
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        left = "SELECT pid FROM pg_stat_activity WHERE pid = ANY(%s)"
        wait_until(lambda: other.execute(left, [list(pids)]).fetchall() == [])


def test_a_session_that_is_in_use_meanwhile_is_closed_when_it_comes_back():
    held, done = threading.Event(), threading.Event()
    pids = []

    def hold():
        stay_read_only()
        pids.append(pid())
        held.set()
        done.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    stay_read_only()
    connection.close()
    write()
    done.set()
    holder.join()
    connection.close()
    in_threads(3, lambda: pids.append(pid()))
    assert pids.count(pids[0]) == 1


def test_a_read_only_database_can_be_read(read_only_database):
    assert Preference.objects.count() == 0
    with pytest.raises(InternalError, match="read-only"):
        write()


def test_a_new_primary_is_found_although_sessions_were_taken_read_only(read_only_database):
    for _ in range(3):
        assert Preference.objects.count() == 0
        connection.close()
    read_only_database()
    base.DatabaseWrapper._renewals["default"]._due_at = 0
    write()


def test_a_read_only_database_is_not_connected_to_with_each_request(read_only_database):
    pids = []
    for _ in range(5):
        pids.append(pid())
        connection.close()
    assert len(set(pids)) < 5


def test_a_change_is_one_line_of_the_log(read_only_database, caplog):
    for _ in range(3):
        assert Preference.objects.count() == 0
        connection.close()
    read_only_database()
    base.DatabaseWrapper._renewals["default"]._due_at = 0
    for _ in range(3):
        Preference.objects.count()
        connection.close()
    lines = [r.getMessage() for r in caplog.records if r.name == "llmconfig.database.outages"]
    assert lines == [
        "The database is read-only: its sessions cannot write",
        "The database can be written to again; it was read-only",
    ]


def test_a_session_that_was_closed_in_a_transaction_can_be_used_again():
    with transaction.atomic():
        Preference.objects.count()
        connection.close()
    write()


def test_sessions_that_died_are_replaced_without_a_wait():
    pids = []
    in_threads(4, lambda: pids.append(pid()))
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid", [pids])
    assert Preference.objects.count() == 0


def test_a_pool_that_cannot_connect_says_why(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        patch.setitem(connection.settings_dict, "PORT", "9")
        patch.setitem(connection.settings_dict["OPTIONS"]["pool"], "timeout", 0.2)
        with pytest.raises(OperationalError, match="refused"):
            connection.ensure_connection()
        connection.close_pool()


def test_a_server_that_has_no_connection_left_is_not_out_of_reach(monkeypatch):
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as owner:
        owner.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
        try:
            with monkeypatch.context() as patch:
                patch.setitem(connection.settings_dict, "USER", "crowded")
                patch.setitem(connection.settings_dict["OPTIONS"]["pool"], "timeout", 0.2)
                with pytest.raises(OperationalError, match="too many connections") as refused:
                    connection.ensure_connection()
                connection.close_pool()
            assert kind_of(refused.value) is Kind.NO_CONNECTION
        finally:
            owner.execute("DROP ROLE crowded")
