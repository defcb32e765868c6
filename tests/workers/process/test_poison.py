"""A run that kills its worker again and again ends with that reason; no other stop is a death."""

import contextlib
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError, connections, transaction
from django.utils import timezone

from tests.workers.waiting import wait_until
from tests.workers.worker_process import WorkerProcess
from workers.execution.leases import Leases
from workers.execution.runner import run_deliver
from workers.messaging.publish import run_send
from workers.models import TaskRun
from workers.process.sweeper import LOCK_KEY, Sweeper, sweep
from workers.runs.claims import claim_end, claim_holds, claim_release, claim_take
from workers.runs.losses import MOST_LOSSES, runs_reclaim
from workers.runs.states import Status
from workers.submission.enqueue import enqueue

NOW = timezone.now
PROMPT = {"prompt": "Say hello."}


@pytest.fixture
def run(db):
    return TaskRun.objects.create(
        task_type="TASK_TYPE_TEXT_GENERATION",
        queue="llm.text_generation",
        payload=PROMPT,
        llm_config={},
        deadline=NOW() + timedelta(minutes=10),
        available_at=NOW() - timedelta(seconds=1),
    )


def let_the_lease_run_out():
    TaskRun.objects.filter(status="running").update(lease_expires_at=NOW() - timedelta(seconds=1))


@contextlib.contextmanager
def no_sweeper():
    """Whoever holds this lock sweeps."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
            yield
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])
    finally:
        other.close()


@pytest.mark.parametrize("way", ["sweeper", "redelivery"])
def test_a_run_that_outlived_three_killed_workers_fails(
    transactional_db, broker, ollama, person, tmp_path, way
):
    ollama.script("ok:3b", ["silent"] * MOST_LOSSES)
    asked = enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload=PROMPT, user_id=person.pk)
    with no_sweeper() if way == "redelivery" else contextlib.nullcontext():
        for number in range(1, MOST_LOSSES + 1):
            with WorkerProcess(tmp_path) as worker:
                wait_until(lambda number=number: len(ollama.requests("/api/chat")) == number)
                worker.kill()
            let_the_lease_run_out()
            if way == "redelivery":
                broker.send_task("llm.text_generation", args=[str(asked.pk)], queue=asked.queue)
        sweep() if way == "sweeper" else run_deliver(asked.pk)
    asked.refresh_from_db()
    assert (asked.status, asked.losses) == ("failed", MOST_LOSSES)
    assert asked.error["code"] == "worker_lost"
    assert "worker process died" in asked.error["detail"]
    assert len(ollama.requests("/api/chat")) == MOST_LOSSES


def test_a_lost_run_waits_again_twice(transactional_db, broker, run):
    for losses in (1, 2):
        assert claim_take(run.pk)
        let_the_lease_run_out()
        sweep()
        run.refresh_from_db()
        assert (run.status, run.losses) == ("queued", losses)


def test_a_redelivered_claim_counts_the_loss_and_works_on(run):
    assert claim_take(run.pk)
    let_the_lease_run_out()
    assert claim_take(run.pk)
    run.refresh_from_db()
    assert (run.status, run.losses, run.deliveries) == ("running", 1, 2)


def test_retries_and_runs_that_are_handed_back_are_no_losses(run):
    for _ in range(5):
        assert claim_release(claim_take(run.pk))
    run.refresh_from_db()
    assert (run.status, run.losses, run.deliveries) == ("retrying", 0, 5)


def test_a_worker_that_lives_takes_its_loss_back(run, monkeypatch):
    """Its own way to the database was cut for longer than a lease; somebody else took the run."""
    first, leases = claim_take(run.pk), Leases()

    def away(_):
        raise OperationalError("the server closed the connection")

    with leases.holding(first), monkeypatch.context() as patch:
        patch.setattr("workers.execution.leases.claims_renew", away)
        with pytest.raises(OperationalError):
            leases.look()
    let_the_lease_run_out()
    second = claim_take(run.pk)
    assert not claim_end(first, status=Status.FAILED, finished_at=NOW())
    run.refresh_from_db()
    assert (run.status, run.losses) == ("running", 0)
    assert claim_holds(second)


def test_a_run_that_freezes_its_process_again_and_again_ends_as_worker_lost(run):
    """Each process goes on when its run has been taken from it, and finds the claim lost."""
    for losses in range(MOST_LOSSES):
        frozen = claim_take(run.pk)
        assert frozen, losses
        let_the_lease_run_out()
        with transaction.atomic():
            runs_reclaim(TaskRun.objects.filter(pk=run.pk))
        assert not claim_holds(frozen)
        assert not claim_end(frozen, status=Status.SUCCEEDED, result={}, finished_at=NOW())
    run.refresh_from_db()
    assert (run.status, run.losses) == ("failed", MOST_LOSSES)
    assert run.error["code"] == "worker_lost"


def test_after_an_outage_of_the_database_workers_renew_before_runs_are_taken(
    transactional_db, broker, run, monkeypatch
):
    claim = claim_take(run.pk)
    sweeper = Sweeper()

    def away(**_):
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr("workers.process.sweeper.sweep", away)
        with pytest.raises(OperationalError):
            sweeper.tick()
    let_the_lease_run_out()
    sweeper.tick()
    assert TaskRun.objects.filter(pk=run.pk, claim_token=claim.token).exists()


def test_a_claim_that_ended_while_the_database_was_away_is_given_back(run):
    leases, claim = Leases(), claim_take(run.pk)
    with pytest.raises(OperationalError), leases.holding(claim):
        raise OperationalError("the server closed the connection")
    leases.look()
    run.refresh_from_db()
    assert (run.status, run.losses, run.published_at) == ("retrying", 0, None)
    assert run_send(run)


def test_the_row_of_an_orphan_is_never_left_claimed(run):
    TaskRun.objects.update(
        status="running", claim_token=uuid4(), lease_expires_at=NOW(), losses=MOST_LOSSES - 1
    )
    let_the_lease_run_out()
    assert claim_take(run.pk) is None
    run.refresh_from_db()
    assert (run.status, run.claim_token) == ("failed", None)
