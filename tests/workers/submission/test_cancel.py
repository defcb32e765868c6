"""Cancel: a waiting run never reaches the model server, a running one leaves it at once."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from celery.contrib.testing.worker import start_worker
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from workers.execution.runner import run_deliver
from workers.models import TaskRun
from workers.runs.claims import claim_end, claim_take
from workers.runs.errors import RunFinished
from workers.runs.states import Status
from workers.submission.cancel import run_cancel
from workers.submission.enqueue import enqueue

NOW = timezone.now
PROMPT = {"prompt": "Say hello."}


def ask(person):
    return enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload=PROMPT, user_id=person.pk)


@pytest.fixture
def run(db):
    def make(**fields):
        return TaskRun.objects.create(
            **{
                "task_type": "TASK_TYPE_TEXT_GENERATION",
                "queue": "llm.text_generation",
                "payload": PROMPT,
                "llm_config": {},
                "deadline": NOW() + timedelta(minutes=10),
                **fields,
            }
        )

    return make


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "pending"},
        {"status": "queued"},
        {"status": "retrying"},
        {"status": "retrying", "parked_on": "http://elsewhere:11434"},
    ],
    ids=["pending", "queued", "retrying", "parked"],
)
def test_a_waiting_run_is_cancelled_at_once_and_no_delivery_works_on_it(run, ollama, fields):
    cancelled = run_cancel(run(**fields), by=None)
    assert (cancelled.status, cancelled.error["code"]) == ("cancelled", "cancelled")
    assert cancelled.finished_at
    assert run_deliver(cancelled.pk) is None
    assert not ollama.log


def test_a_message_that_is_left_on_the_broker_wakes_nobody_up(
    transactional_db, broker, ollama, person, finished
):
    cancelled, next_one = ask(person), ask(person)
    run_cancel(cancelled, by=person)
    with start_worker(broker, pool="threads", concurrency=1, perform_ping_check=False):
        assert finished(next_one).status == "succeeded"
    assert finished(cancelled).status == "cancelled"
    assert len(ollama.requests("/api/chat")) == 1


def test_a_running_run_leaves_the_model_server_and_its_slot_is_free(
    transactional_db, broker, ollama, person, finished
):
    ollama.script("ok:3b", ["silent"])
    hanging = ask(person)
    with start_worker(broker, pool="threads", concurrency=1, perform_ping_check=False):
        assert ollama.wait_until(lambda: ollama.requests("/api/chat"), seconds=20)
        assert run_cancel(hanging, by=person).status == "cancelled"
        asked = ollama.requests("/api/chat")[0]
        # Half a second; but for the look at its claims a worker would notice after ten.
        assert ollama.wait_until(lambda: asked.client_closed, seconds=5)
        assert finished(ask(person)).status == "succeeded"
    ended = finished(hanging)
    assert (ended.status, ended.losses, ended.attempts.count()) == ("cancelled", 0, 0)


@pytest.mark.parametrize("status", ["succeeded", "failed", "expired"])
def test_a_run_that_ended_is_not_cancelled(run, status):
    ended = run(status=status, finished_at=NOW(), result={"content": "x"})
    with pytest.raises(RunFinished, match=status) as refused:
        run_cancel(ended, by=None)
    assert (refused.value.code, refused.value.status) == ("run_finished", 409)
    ended.refresh_from_db()
    assert ended.status == status


def test_a_run_past_its_deadline_reads_as_expired_and_is_not_cancelled(run):
    with pytest.raises(RunFinished, match="expired"):
        run_cancel(run(deadline=NOW() - timedelta(seconds=1)), by=None)


def test_cancelling_again_changes_nothing(run):
    first = run_cancel(run(), by=None)
    assert run_cancel(first, by=None).finished_at == first.finished_at


def test_open_children_are_cancelled_with_their_parent_and_ended_ones_stay(run):
    parent = run()
    running = {"status": "running", "claim_token": uuid4(), "lease_expires_at": NOW()}
    child = run(parent=parent, **running)
    grandchild, sibling = run(parent=child), run()
    done = run(parent=parent, status="succeeded", finished_at=NOW(), result={})
    below_done = run(parent=done)
    run_cancel(parent, by=None)
    statuses = dict(TaskRun.objects.values_list("pk", "status"))
    assert {statuses[one.pk] for one in (parent, child, grandchild, below_done)} == {"cancelled"}
    assert (statuses[done.pk], statuses[sibling.pk]) == ("succeeded", "pending")


def test_of_cancel_and_success_at_the_same_time_one_wins(transactional_db, run):
    for _ in range(10):
        claim = claim_take(run(status="queued").pk)
        start, told = threading.Barrier(2), []

        def succeed(claim=claim, start=start, told=told):
            start.wait()
            told.append(claim_end(claim, status=Status.SUCCEEDED, result={}, finished_at=NOW()))
            connection.close()

        worker = threading.Thread(target=succeed)
        worker.start()
        start.wait()
        try:
            run_cancel(TaskRun(pk=claim.run_id), by=None)
            cancelled = True
        except RunFinished:
            cancelled = False
        worker.join()
        assert told == [not cancelled]
        ended = TaskRun.objects.get(pk=claim.run_id)
        assert ended.status == ("cancelled" if cancelled else "succeeded")


def test_staff_with_the_permission_cancel_runs_in_the_admin(run, client):
    boss = get_user_model().objects.create_superuser("boss")
    client.force_login(boss)
    waiting, done = run(), run(status="failed", finished_at=NOW())
    answer = client.post(
        "/admin/workers/taskrun/",
        {"action": "cancel", "_selected_action": [str(waiting.pk), str(done.pk)]},
        follow=True,
    )
    told = answer.content.decode()
    assert "1 run was cancelled" in told
    assert "1 run had ended already" in told
    waiting.refresh_from_db()
    assert waiting.status == "cancelled"


def test_a_run_whose_user_is_deleted_ends_quietly(transactional_db, broker, ollama, person, caplog):
    ollama.script("ok:3b", ["silent"])
    ask(person)
    with start_worker(broker, pool="threads", concurrency=1, perform_ping_check=False):
        assert ollama.wait_until(lambda: ollama.requests("/api/chat"), seconds=20)
        person.delete()
        asked = ollama.requests("/api/chat")[0]
        assert ollama.wait_until(lambda: asked.client_closed, seconds=5)
    assert not TaskRun.objects.exists()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
