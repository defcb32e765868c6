"""Redis away means the database: right, told once, and not waited for again and again."""

import logging
from datetime import timedelta

import pytest
import redis
from django.db import connection, transaction
from django.utils import timezone

from llmconfig.cache import outage, owed, protocol, server
from llmconfig.cache.owed import OwedInvalidation
from tests.devstack.embedded.support import eventually

pytestmark = pytest.mark.django_db(transaction=True)
NOBODY = "redis://127.0.0.1:1/0"
AWAY = "does not answer"


@pytest.fixture
def row(ada, state):
    return state(user=ada, model="old:1")


@pytest.fixture
def warm(own_server, ada, row, resolved, django_assert_num_queries):
    """What ada gets is kept on a server of the test's own."""
    resolved(ada)
    with django_assert_num_queries(0):
        assert resolved(ada).model == "old:1"
    return own_server


@pytest.fixture
def no_pause(monkeypatch):
    monkeypatch.setattr(outage, "PAUSE_SECONDS", 0)


@pytest.fixture
def away(settings):
    """Takes Redis from this process alone, and gives it back as a process that never missed it."""

    def take():
        before = settings.REDIS_URL
        settings.REDIS_URL = NOBODY
        return lambda: setattr(settings, "REDIS_URL", before)

    return take


def model_set(row, model):
    row.model = model
    row.save()


def test_while_it_is_away_decisions_come_from_the_database(warm, ada, row, resolved, settings):
    settings.REDIS_URL = NOBODY
    assert resolved(ada).model == "old:1"
    model_set(row, "new:1")
    assert resolved(ada).model == "new:1"


def test_an_outage_is_told_once_and_so_is_its_end(impatient, warm, ada, resolved, caplog, no_pause):
    with caplog.at_level(logging.INFO, logger="llmconfig.cache"):
        warm.pause()
        for _ in range(3):
            resolved(ada)
        warm.resume()
        assert eventually(lambda: resolved(ada) and not server.current().outage.active)
    told = [record.getMessage() for record in caplog.records]
    assert [AWAY in line for line in told] == [True, False]
    assert "answers again" in told[1]


def test_a_hanging_server_is_waited_for_once(impatient, warm, ada, resolved, monkeypatch):
    waited = []

    def ask(self, work):
        waited.append(work)
        return once(self, work)

    once = server.Server._ask
    monkeypatch.setattr(server.Server, "_ask", ask)
    monkeypatch.setattr(outage, "PAUSE_SECONDS", 60)
    warm.pause()
    assert {resolved(ada).model for _ in range(20)} == {"old:1"}
    assert len(waited) == 1


def test_a_save_succeeds_while_the_server_hangs_and_holds_when_it_goes_on(
    impatient, warm, ada, row, resolved, other_process, no_pause
):
    process = other_process()
    assert process.ask("resolve", ada.pk)["model"] == "old:1"
    warm.pause()
    model_set(row, "new:1")
    assert resolved(ada).model == "new:1"
    warm.resume()
    assert process.ask("resolve", ada.pk)["model"] == "new:1"
    assert resolved(ada).model == "new:1"


def test_what_a_restarted_server_brings_back_from_its_disk_is_not_found(
    warm, ada, row, resolved, raw, keys, away, django_assert_num_queries
):
    """Its file may be older than what it had answered before."""
    old = keys("*")
    back = away()
    model_set(row, "new:1")
    OwedInvalidation.objects.all().delete()
    pid = warm.pid
    warm.kill()
    assert eventually(lambda: answers(raw) and warm.pid != pid)
    assert {key for key in old if raw.exists(key)} == set(old), "the file has them"
    back()
    assert resolved(ada).model == "new:1"
    with django_assert_num_queries(0):
        assert resolved(ada).model == "new:1"


def answers(client):
    try:
        return client.ping()
    except redis.RedisError:
        return False


def test_a_server_that_lost_everything_is_filled_anew(
    warm, ada, row, resolved, raw, django_assert_num_queries
):
    raw.flushall()
    with django_assert_num_queries(1):
        assert resolved(ada).model == "old:1"
    with django_assert_num_queries(0):
        assert resolved(ada).model == "old:1"


def test_a_server_that_loses_everything_while_a_row_is_written_keeps_nothing_old(
    warm, ada, row, resolved, raw, elsewhere
):
    with transaction.atomic():
        model_set(row, "new:1")
        raw.flushall()
        assert resolved(ada).model == "new:1"
        assert elsewhere(lambda: resolved(ada).model) == "old:1"
    assert elsewhere(lambda: resolved(ada).model) == "new:1"


def test_a_closed_connection_is_no_outage(warm, ada, resolved, raw, caplog):
    resolved(ada)
    raw.client_kill_filter(_type="normal", skipme=True)
    with caplog.at_level(logging.WARNING, logger="llmconfig.cache"):
        assert resolved(ada).model == "old:1"
    assert not server.current().outage.active
    assert AWAY not in caplog.text


def test_a_full_server_forgets_what_it_cannot_replace(warm, ada, row, resolved, raw, other_process):
    process = other_process()
    assert process.ask("resolve", ada.pk)["model"] == "old:1"
    raw.config_set("maxmemory", 1)
    try:
        model_set(row, "new:1")
        assert process.ask("resolve", ada.pk)["model"] == "new:1"
        assert resolved(ada).model == "new:1"
    finally:
        raw.config_set("maxmemory", 0)
    model_set(row, "newer:1")
    assert process.ask("resolve", ada.pk)["model"] == "newer:1"


def test_a_server_that_does_not_name_its_run_is_not_used(
    warm, ada, row, resolved, monkeypatch, caplog
):
    monkeypatch.setattr(server.Wire, "call", lambda self, *command: b"redis_version:9")
    server._servers.clear()
    with caplog.at_level(logging.WARNING, logger="llmconfig.cache"):
        assert resolved(ada).model == "old:1"
    assert "run_id" in caplog.text


def test_a_replica_is_not_used_and_one_that_is_promoted_starts_anew(
    warm, ada, row, resolved, raw, keys, django_assert_num_queries
):
    raw.replicaof("127.0.0.1", 1)
    server._servers.clear()
    with django_assert_num_queries(1):
        assert resolved(ada).model == "old:1"
    old = keys("*")
    raw.replicaof("NO", "ONE")
    server._servers.clear()
    with django_assert_num_queries(1):
        assert resolved(ada).model == "old:1"
    assert set(keys("*")) > set(old)
    with django_assert_num_queries(0):
        assert resolved(ada).model == "old:1"


class TestOwed:
    """What a writer could not tell Redis, which answers everyone else."""

    def test_is_stored_with_the_change_and_delivered_by_whoever_can(
        self, warm, ada, row, resolved, away
    ):
        back = away()
        model_set(row, "new:1")
        back()
        assert OwedInvalidation.objects.count() == 1
        assert owed.deliver()
        assert OwedInvalidation.objects.count() == 0
        assert resolved(ada).model == "new:1"

    def test_is_not_stored_where_the_change_is_rolled_back(self, warm, row, away):
        away()
        with transaction.atomic():
            model_set(row, "new:1")
            assert OwedInvalidation.objects.count() == 1
            transaction.set_rollback(True)
        assert OwedInvalidation.objects.count() == 0

    def test_is_delivered_by_a_process_that_finds_the_server_again(
        self, warm, ada, row, resolved, away, no_pause
    ):
        own = server.current()
        own.outage.begin("a moment ago")
        back = away()
        model_set(row, "new:1")
        back()
        assert server.current() is own
        assert resolved(ada).model == "new:1"
        assert OwedInvalidation.objects.count() == 0

    def test_is_delivered_by_the_writer_when_the_server_answers_after_the_commit(
        self, warm, ada, row, resolved, away
    ):
        with transaction.atomic():
            back = away()
            model_set(row, "new:1")
            back()
        assert OwedInvalidation.objects.count() == 0
        assert resolved(ada).model == "new:1"

    def test_is_stored_after_a_save_outside_of_transactions(self, warm, premium, away):
        away()
        premium.name = "basic"
        premium.save()
        assert list(OwedInvalidation.objects.values_list("scopes", flat=True)) == [["common"]]

    def test_waits_while_the_server_is_away(self, warm, row, away):
        away()
        model_set(row, "new:1")
        assert not owed.deliver()
        assert OwedInvalidation.objects.count() == 1

    def test_is_forgotten_when_nothing_old_can_be_left(self, warm, row, away):
        away()
        model_set(row, "new:1")
        OwedInvalidation.objects.update(created_at=timezone.now() - timedelta(minutes=6))
        assert not owed.deliver()
        assert OwedInvalidation.objects.count() == 0

    def test_keeps_the_writers_own_process_on_the_database_until_the_commit(
        self, warm, ada, row, resolved, elsewhere, away, django_assert_num_queries
    ):
        with transaction.atomic():
            back = away()
            model_set(row, "new:1")
            back()
            assert elsewhere(lambda: (resolved(ada).model, len(connection.queries))) == ("old:1", 0)

    def test_keeps_it_there_until_the_server_is_told(
        self, warm, ada, row, resolved, elsewhere, away, monkeypatch
    ):
        seen = []

        def release(*arguments):
            monkeypatch.setattr(protocol, "release", told)
            seen.append(elsewhere(lambda: resolved(ada).model))
            told(*arguments)

        told = protocol.release
        with transaction.atomic():
            back = away()
            model_set(row, "new:1")
            back()
            monkeypatch.setattr(protocol, "release", release)
        assert seen == ["new:1"]
