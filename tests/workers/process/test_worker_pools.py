"""Real worker processes on both pools: success, fallback, cancel, warm shutdown, connections."""

from datetime import timedelta

import psutil
import pytest
from django.db import connection
from django.utils import timezone

from llmconfig.models import Preference
from tests.workers.waiting import wait_until
from tests.workers.worker_process import WorkerProcess, database_url
from workers.models import TaskRun
from workers.runs.states import Status
from workers.submission.cancel import run_cancel
from workers.submission.enqueue import enqueue
from workers.testing.behaviours import SlowFirstToken

PROMPT = {"prompt": "Say hello."}
MARK = "llmconfig-pools"


@pytest.fixture
def ask(person, broker):
    return lambda: enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload=PROMPT, user_id=person.pk)


@pytest.fixture(params=["threads", "prefork"])
def start(request, transactional_db, broker, ollama, tmp_path):
    """Starts workers of one pool; they are killed at the end."""
    workers = []

    def begin(concurrency=2, grace_seconds=1):
        worker = WorkerProcess(
            tmp_path,
            request.param,
            concurrency,
            LLM_SHUTDOWN_GRACE_SECONDS=grace_seconds,
            DATABASE_URL=database_url(application_name=MARK),
            LLM_HOST_CONCURRENCY=concurrency,
        )
        workers.append(worker)
        return worker

    yield begin
    for worker in workers:
        with worker:
            pass


def chats(ollama):
    return ollama.requests("/api/chat")


def test_runs_succeed_fall_back_and_are_cancelled(start, ask, ollama, person, finished):
    worker = start()
    assert finished(ask(), seconds=40).status == "succeeded"

    preference = Preference.objects.create(user=person, model="missing:7b")
    answered = finished(ask())
    assert (answered.model_used, answered.fallback_used) == ("ok:1b", True)
    preference.delete()

    ollama.script("ok:3b", ["silent", "silent"])
    before = len(chats(ollama))
    hanging = [ask(), ask()]
    wait_until(lambda: len(chats(ollama)) == before + 2)
    for run in hanging:
        run_cancel(run, by=person)
    # Within half a second; but for the look at its claims a worker would notice after ten.
    wait_until(lambda: all(c.client_closed for c in chats(ollama)[before:]), seconds=5)
    assert finished(ask()).status == "succeeded"

    ollama.script("ok:3b", [SlowFirstToken(0.5)])
    before = len(chats(ollama))
    last = ask()
    wait_until(lambda: len(chats(ollama)) == before + 1)
    worker.terminate()
    assert worker.wait() == 0
    assert finished(last, seconds=1).status == "succeeded"


def test_what_outlasts_the_grace_is_answered_by_another_worker(start, ask, ollama, finished):
    ollama.script("ok:3b", ["silent"])
    first, run = start(), ask()
    wait_until(lambda: chats(ollama))
    start()
    first.terminate()
    ended = finished(run, seconds=25)
    assert (ended.status, ended.losses, ended.deliveries) == ("succeeded", 0, 2)
    # The attempt that was cut short is no attempt: the model server did not fail.
    assert [attempt.outcome for attempt in ended.attempts.all()] == ["succeeded"]
    assert len(chats(ollama)) == 2
    assert first.wait() == 0


def test_a_second_signal_ends_the_grace(start, ask, ollama):
    ollama.script("ok:3b", ["silent"])
    worker = start(grace_seconds=600)
    run = ask()
    wait_until(lambda: chats(ollama))
    worker.terminate()
    wait_until(lambda: "shutdown" in worker.log.read_text())
    assert worker.runs
    worker.terminate()
    assert worker.wait() == 0
    run.refresh_from_db()
    assert run.status in (Status.RETRYING, Status.QUEUED)
    assert run.losses == 0


@pytest.mark.parametrize("start", ["prefork"], indirect=True)
def test_a_killed_child_is_replaced_and_its_run_is_a_loss(start, ask, ollama, finished):
    ollama.script("ok:3b", ["silent"])
    worker, run = start(concurrency=1), ask()
    wait_until(lambda: chats(ollama))
    (child,) = psutil.Process(worker.popen.pid).children()
    child.kill()
    TaskRun.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    ended = finished(run, seconds=30)
    assert (ended.status, ended.losses, ended.attempts.count()) == ("succeeded", 1, 1)


@pytest.mark.parametrize("start", ["threads"], indirect=True)
def test_fifty_generations_at_once_hold_no_connection(start, ask, ollama):
    ollama.script("ok:3b", ["silent"] * 50)
    start(concurrency=50)
    for _ in range(50):
        ask()
    wait_until(lambda: len(chats(ollama)) == 50)
    wait_until(lambda: not _sessions("state = 'idle in transaction'"))
    assert 0 < _sessions() <= 10
    for run in TaskRun.objects.all():
        run_cancel(run, by=None)
    wait_until(lambda: all(chat.client_closed for chat in chats(ollama)))
    assert _sessions() <= 10


def _sessions(condition="true"):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND {condition}",  # noqa: S608
            [MARK],
        )
        return cursor.fetchone()[0]
