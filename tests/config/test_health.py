"""``/healthz`` tells whether this process answers, ``/readyz`` whether it can accept work."""

import time

import pytest
from django.db import connection

from config import readiness
from tests.proxy import Proxy


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch):
    monkeypatch.setattr(readiness._Migrations, "applied", False)
    readiness.unready.forget()
    yield
    readiness.unready.forget()


@pytest.fixture
def elsewhere(monkeypatch):
    """Has the database's address be another one."""

    def move(host, port):
        monkeypatch.setitem(connection.settings_dict, "HOST", host)
        monkeypatch.setitem(connection.settings_dict, "PORT", str(port))

    return move


@pytest.fixture
def proxy():
    host, port = connection.settings_dict["HOST"], connection.settings_dict["PORT"] or 5432
    target = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host or "127.0.0.1", int(port))
    with Proxy(target) as between:
        yield between


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
@pytest.mark.django_db
def test_it_answers_ok_without_a_login_to_get_and_head(client, address):
    answer = client.get(address)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    head = client.head(address)
    assert (head.status_code, head.content) == (200, b"")
    assert "no-store" in answer["Cache-Control"]
    assert client.post(address).status_code == 405


def test_the_process_is_live_without_its_database(client, elsewhere):
    elsewhere("127.0.0.1", 9)
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_without_the_database_it_is_not_ready(client, elsewhere):
    elsewhere("127.0.0.1", 9)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "unreachable")


@pytest.mark.django_db
def test_a_database_that_takes_no_changes_is_told(client, monkeypatch):
    options = "-c default_transaction_read_only=on"
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", options)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "read-only")
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_a_database_that_hangs_is_told_within_a_bounded_time(client, elsewhere, proxy):
    elsewhere("127.0.0.1", proxy.port)
    assert client.get("/readyz").status_code == 200
    readiness.unready.forget()
    proxy.freeze()
    asked = time.monotonic()
    answers = [client.get("/readyz").status_code, client.get("/readyz").status_code]
    assert answers == [503, 503]
    assert time.monotonic() - asked < 10


@pytest.mark.django_db
def test_an_unapplied_migration_keeps_it_from_being_ready(client, monkeypatch):
    needed = readiness._needed() | {("workers", "9999_of_the_next_release")}
    monkeypatch.setattr(readiness, "_needed", lambda: needed)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["migrations"]) == (503, "unapplied")


@pytest.mark.django_db
def test_applied_migrations_are_not_looked_for_again(monkeypatch):
    assert readiness.obstacles() == ()
    monkeypatch.setattr(readiness, "_needed", lambda: pytest.fail("looked again"))
    assert readiness.obstacles() == ()
