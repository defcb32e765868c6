"""The sweeper: what no message will wake up, it wakes up; what is too late, it ends."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from llmconfig.cache.owed import OwedInvalidation
from workers.models import Attempt, TaskRun
from workers.process.sweeper import LOCK_KEY, sweep

NOW = timezone.now
QUEUES = ("llm.text_generation", "llm.text_generation.low")


@pytest.fixture
def run(transactional_db, broker):
    def make(**fields):
        for name in MOMENTS & fields.keys():
            fields[name] = NOW() + timedelta(seconds=fields[name])
        return TaskRun.objects.create(
            **{
                "task_type": "TASK_TYPE_TEXT_GENERATION",
                "queue": "llm.text_generation",
                "payload": {"prompt": "x"},
                "llm_config": {},
                "deadline": NOW() + timedelta(minutes=10),
                "available_at": NOW() - timedelta(seconds=1),
                **fields,
            }
        )

    return make


#: Moments in these tables are seconds from now, so that a slow suite does not age them.
MOMENTS = {"published_at", "available_at", "lease_expires_at", "finished_at", "deadline"}


def running(**fields):
    return {"status": "running", "claim_token": uuid4(), "lease_expires_at": -1, **fields}


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "pending"},
        {"status": "pending", "published_at": -60},
        {"status": "retrying", "published_at": -60},
        {"status": "queued", "published_at": -3600},
        running(published_at=-60),
    ],
    ids=["never published", "publish failed", "wait over", "message lost", "worker lost"],
)
def test_what_is_due_is_published(run, fields):
    due = run(**fields)
    assert sweep() == 1
    due.refresh_from_db()
    assert due.published_at >= NOW() - timedelta(seconds=10)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "queued", "published_at": 0},
        {"status": "pending", "available_at": 3600},
        {"status": "retrying", "published_at": 0},
        {"status": "retrying", "parked_on": "http://elsewhere:11434"},
        running(lease_expires_at=25),
        {"status": "failed", "finished_at": 0},
    ],
    ids=["on its way", "not yet", "retry coming", "parked", "at work", "ended"],
)
def test_what_is_not_due_is_left_alone(run, fields):
    run(**fields)
    assert sweep() == 0


@pytest.mark.parametrize(
    "fields",
    [{"status": "pending"}, {"status": "queued"}, {"status": "retrying"}, running()],
    ids=["pending", "queued", "retrying", "worker lost"],
)
def test_an_open_run_past_its_deadline_is_ended_as_expired(run, fields):
    late = run(**fields, deadline=-1)
    assert sweep() == 0
    late.refresh_from_db()
    assert (late.status, late.error["code"]) == ("expired", "deadline_exceeded")
    assert late.finished_at


def test_a_run_at_work_past_its_deadline_is_left_to_its_worker(run):
    at_work = run(
        **running(lease_expires_at=25),
        deadline=-1,
    )
    sweep()
    at_work.refresh_from_db()
    assert at_work.status == "running"


def test_one_sweeps_at_a_time(run):
    run(status="pending")
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
            assert sweep() == 0
            # By name: the connection itself goes back to the pool and lives on.
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])
    finally:
        other.close()
    assert sweep() == 1


def test_a_run_of_an_unknown_type_holds_up_no_other(run):
    run(task_type="TASK_TYPE_GONE", queue="llm.gone", available_at=-60)
    run(status="pending")
    assert sweep() == 1


def test_a_run_without_a_queue_holds_up_no_other(run):
    broken = run(queue="llm.gone", available_at=-60)
    run(status="pending")
    assert sweep() == 1
    broken.refresh_from_db()
    assert broken.status == "pending"


def test_a_waiting_message_is_not_sent_again(run):
    for _ in range(3):
        run(status="retrying")
    assert sweep() == 3
    TaskRun.objects.update(published_at=NOW() - timedelta(minutes=2))
    assert sweep() == 0
    assert set(TaskRun.objects.values_list("status", flat=True)) == {"queued"}


def test_a_run_that_later_ones_have_overtaken_has_lost_its_message(run):
    """In a queue that is never empty nothing else would tell."""
    waiting = run(status="retrying")
    assert sweep() == 1
    lost = run(status="queued", published_at=-300)
    late = run(status="queued", published_at=-100)
    assert sweep() == 0
    run(**running(lease_expires_at=25, published_at=-120))
    assert sweep() == 1
    lost.refresh_from_db()
    assert lost.published_at > NOW() - timedelta(seconds=60)
    assert late.published_at == TaskRun.objects.get(pk=late.pk).published_at
    assert TaskRun.objects.get(pk=waiting.pk).status == "queued"


def test_an_expired_run_lists_its_attempts(run):
    late = run(status="retrying", deadline=-1)
    Attempt.objects.create(
        run=late,
        number=1,
        model="ok:1b",
        host="http://h",
        outcome="host",
        reason="refused",
        count=3,
        started_at=NOW(),
        duration_ms=5,
    )
    sweep()
    late.refresh_from_db()
    assert late.status == "expired"
    assert "ok:1b on http://h: host (refused) after 5 ms, 3 times" in late.error["detail"]


def test_changes_that_the_cache_was_not_told_of_are_delivered(transactional_db, broker):
    OwedInvalidation.objects.create(scopes=["common"])
    sweep()
    assert not OwedInvalidation.objects.exists()
