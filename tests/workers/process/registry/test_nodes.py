"""What workers write into the registry, and how it reads."""

import uuid
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from workers.models import WorkerNode
from workers.process.registry.nodes import node_beat, node_register, node_stop, nodes_prune
from workers.process.registry.selectors import nodes, nodes_live

pytestmark = pytest.mark.django_db

ONE, OTHER = uuid.uuid4(), uuid.uuid4()


def register(instance=ONE, **announced):
    node_register(name="text@here", instance=instance, **announced)


def last_seen(seconds_ago):
    WorkerNode.objects.update(seen_at=F("seen_at") - timedelta(seconds=seconds_ago))


def state():
    return nodes().get().state


def test_a_worker_that_registers_is_live_with_what_it_announced():
    register(version="1.0", queues=["llm.text_generation"], concurrency=4)
    node = nodes_live().get()
    assert (node.name, node.version, node.queues) == ("text@here", "1.0", ["llm.text_generation"])
    assert node.started_at == node.seen_at


@pytest.mark.parametrize(("seconds", "expected"), [(25, "live"), (31, "gone")])
def test_a_worker_without_a_heartbeat_for_30_seconds_is_gone(seconds, expected):
    register()
    last_seen(seconds)
    assert state() == expected
    assert nodes_live().count() == (expected == "live")


def test_a_heartbeat_brings_a_gone_worker_back_and_changes_what_it_names():
    register(version="1.0", concurrency=2)
    last_seen(60)
    assert node_beat(name="text@here", instance=ONE, concurrency=3)
    assert state() == "live"
    assert nodes().values_list("version", "concurrency").get() == ("1.0", 3)


def test_a_worker_that_stops_says_so():
    register()
    node_stop(name="text@here", instance=ONE)
    assert state() == "stopped"
    assert not nodes_live()


def test_the_same_name_again_takes_the_row_over():
    register(version="1.0", host_error="refused")
    node_stop(name="text@here", instance=ONE)
    register(OTHER, version="2.0")
    node = nodes_live().get()
    assert (node.version, node.host_error, node.instance) == ("2.0", "", OTHER)


def test_a_process_that_lost_its_name_neither_beats_nor_stops_the_new_one():
    register()
    register(OTHER)
    assert not node_beat(name="text@here", instance=ONE)
    node_stop(name="text@here", instance=ONE)
    assert state() == "live"


def test_the_clock_is_the_database_s(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: pytest.fail("this machine's clock was asked"))
    register()
    node_beat(name="text@here", instance=ONE)
    assert state() == "live"


@pytest.mark.parametrize(("hours", "forgotten"), [(23, 0), (25, 1)])
def test_workers_last_seen_more_than_a_day_ago_are_forgotten(hours, forgotten):
    register()
    last_seen(hours * 3600)
    assert nodes_prune() == forgotten
