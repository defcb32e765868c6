"""Pauses: what they hold for, who may name them, and what is told of them."""

import logging

import pytest
from django.contrib.admin.models import LogEntry

from workers.gates.pauses import is_paused, pause_add, pause_remove, pauses_of
from workers.models import Pause
from workers.runs.errors import AlreadyPaused, InvalidPause, NotPaused
from workers.runs.obstacles import Kind, Obstacle

pytestmark = pytest.mark.django_db

QUEUE = "llm.weekly_report"


def pause(kind="queue", name=QUEUE, reason="maintenance", by=None):
    return pause_add(kind=kind, name=name, reason=reason, by=by)


def test_a_pause_of_a_queue_holds_for_its_low_twin():
    pause()
    for queue in (QUEUE, f"{QUEUE}.low"):
        assert pauses_of(queue, []).queue == QUEUE
    assert not pauses_of("llm.data_analysis", []).queue


def test_a_pause_of_the_low_twin_holds_for_it_alone():
    pause(name=f"{QUEUE}.low")
    assert pauses_of(f"{QUEUE}.low", []).queue == f"{QUEUE}.low"
    assert not pauses_of(QUEUE, []).queue


def test_a_pause_of_a_model_holds_for_every_spelling_of_its_name():
    pause("model", "qwen3")
    assert pauses_of(QUEUE, ["qwen3:latest"]).models == {"qwen3:latest": "maintenance"}
    assert pauses_of(QUEUE, ["qwen3"]).models
    assert not pauses_of(QUEUE, ["qwen3:8b"]).models


def test_reading_the_pauses_of_a_run_takes_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        pauses_of(QUEUE, ["ok:1b", "ok:3b"])


def test_what_is_resumed_is_paused_no_more():
    pause()
    assert is_paused(Obstacle(Kind.QUEUE, (QUEUE,)))
    pause_remove(kind="queue", name=QUEUE, by=None)
    assert not is_paused(Obstacle(Kind.QUEUE, (QUEUE,)))


@pytest.mark.parametrize(
    ("kind", "name"),
    [("queue", "llm.nonsense"), ("model", "two words"), ("model", ""), ("weather", QUEUE)],
)
def test_what_is_no_queue_and_no_model_cannot_be_paused(kind, name):
    with pytest.raises(InvalidPause, match="accepted"):
        pause(kind, name)
    assert not Pause.objects.exists()


def test_pausing_twice_is_refused_and_keeps_the_first_reason():
    pause(reason="first")
    with pytest.raises(AlreadyPaused, match=QUEUE):
        pause(reason="second")
    assert Pause.objects.get().reason == "first"


def test_resuming_what_runs_is_refused():
    with pytest.raises(NotPaused, match=QUEUE):
        pause_remove(kind="queue", name=QUEUE, by=None)


def test_who_paused_and_resumed_when_and_why_is_kept(person, caplog):
    with caplog.at_level(logging.WARNING, logger="workers"):
        pause(by=person)
        pause_remove(kind="queue", name=QUEUE, by=person)
    told = [(entry.user, entry.change_message) for entry in LogEntry.objects.all()]
    assert told == [(person, "maintenance")] * 2
    assert [record.action for record in caplog.records] == ["pause", "resume"]
    assert all("ada" in record.getMessage() for record in caplog.records)


def test_a_reason_is_one_printable_line():
    assert pause(reason="new\nweights\x00" + "x" * 600).reason.startswith("new weights x")
