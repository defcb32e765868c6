"""One Redis and prefix serve one database, and whatever Redis loses is published again."""

import uuid
from os import EX_CONFIG

import pytest
import redis
from celery.worker import state
from django.conf import settings as django_settings
from django.test import override_settings

from config.startup import refuse_bad_configuration
from tests.workers.submission.test_bulk_enqueue import asked, queued
from workers.models import Installation, TaskRun
from workers.process.installation import ForeignRedis, identity_key, installation_verify
from workers.process.sweeper import Sweeper, sweep
from workers.submission.bulk_enqueue import enqueue_many
from workers.submission.enqueue import enqueue

pytestmark = pytest.mark.usefixtures("transactional_db", "config_file")

PROMPT = {"prompt": "Say hello."}


@pytest.fixture
def raw(transactional_db, broker):
    """A plain client of the broker, with this installation's identity and nothing else."""
    if broker.connection_for_write().transport.driver_type != "redis":
        pytest.skip("the broker is no Redis")
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        flush(client)
        installation_verify()
        yield client
        flush(client)
        installation_verify()


def flush(client, pattern="*"):
    for key in client.keys(f"{django_settings.REDIS_KEY_PREFIX}{pattern}"):
        client.delete(key)


def accept(number=1):
    return [outcome.run for outcome in enqueue_many([asked()] * number)]


@pytest.fixture
def foreign(raw):
    raw.set(identity_key(), str(uuid.uuid4()))


def test_old_connections_publish_after_everything_was_deleted(broker, raw):
    enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload=PROMPT)
    accept(2)
    flush(raw)
    enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload=PROMPT)
    accept(2)
    assert len(queued(broker)) == 3


def test_what_a_flush_deleted_is_published_at_the_next_look(broker, raw, caplog):
    accept(3)
    caplog.clear()  # an outage of an earlier test ends with the first message
    flush(raw)
    assert sweep() == 3
    assert sweep() == 0
    assert len(queued(broker)) == 3
    assert [record.action for record in caplog.records if hasattr(record, "action")] == [
        "broker_emptied"
    ]


def test_a_process_that_starts_notices_the_flush_too(broker, raw):
    accept(2)
    flush(raw)
    installation_verify()
    assert set(TaskRun.objects.values_list("status", flat=True)) == {"pending"}


def test_a_broker_that_lost_nothing_is_left_alone(broker, raw, caplog):
    accept(2)
    assert sweep() == 0
    assert not caplog.records


@pytest.mark.usefixtures("foreign")
def test_a_redis_of_another_installation_is_refused_and_the_setting_named():
    with pytest.raises(SystemExit, match="REDIS_KEY_PREFIX: tests") as refused:
        refuse_bad_configuration()
    assert f"redis-cli DEL {identity_key()}" in str(refused.value)


def test_the_same_database_is_accepted_by_every_process(raw):
    installation_verify()
    refuse_bad_configuration()
    assert raw.get(identity_key()).decode() == str(Installation.objects.get())


@pytest.mark.usefixtures("foreign")
def test_another_prefix_keeps_two_installations_apart():
    # Not by the fixture: that would be undone after `raw`, which tidies below the prefix.
    other = f"{django_settings.REDIS_KEY_PREFIX}other:"
    with override_settings(REDIS_KEY_PREFIX=other):
        installation_verify()


@pytest.mark.usefixtures("foreign")
def test_a_worker_whose_redis_becomes_another_ones_ends(monkeypatch, caplog):
    monkeypatch.setattr(state, "should_stop", None)
    Sweeper().look()
    assert state.should_stop == EX_CONFIG
    assert "REDIS_KEY_PREFIX" in caplog.text


def test_a_redis_that_is_away_stops_no_start(raw, wire, caplog):
    wire.cut()
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        installation_verify()
    assert len(caplog.records) == 2


@pytest.mark.usefixtures("foreign")
def test_messages_for_another_installation_stay_where_they_are(raw, broker):
    with pytest.raises(ForeignRedis):
        installation_verify()
    assert queued(broker) == []
