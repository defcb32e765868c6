"""The main jobs on a real server: each kind of task, cancel, kill, overflow and permits."""

import signal
import time

import pytest

from tests.workers.ollama_server.conftest import WINDOW
from tests.workers.waiting import wait_until
from tests.workers.worker_process import WorkerProcess
from workers.models import PermitPool, TaskRun
from workers.runs.claims import LEASE
from workers.submission.cancel import run_cancel
from workers.submission.enqueue import enqueue

ENTRIES = {"entries": [f"2026-11-{day:02}: Fixed the login, part {day}" for day in range(1, 9)]}
PAYLOADS = {
    "TASK_TYPE_TEXT_GENERATION": {"prompt": "Name three colours."},
    "TASK_TYPE_DATA_ANALYSIS": ENTRIES,
    "TASK_TYPE_INSIGHT_GENERATION": ENTRIES,
}
PATIENCE = 600


@pytest.fixture
def ask(person, broker, ollama):
    def one(task_type="TASK_TYPE_TEXT_GENERATION", payload=None, **request):
        return enqueue(
            task_type=task_type,
            payload=payload or PAYLOADS[task_type],
            user_id=person.pk,
            request=request or None,
        )

    return one


def outcomes(run):
    return [(attempt.outcome, attempt.cause) for attempt in run.attempts.all()]


@pytest.mark.parametrize("task_type", PAYLOADS)
def test_each_kind_of_task_is_answered(celery_worker, ask, finished, model, task_type):
    # A very small model may miss the schema of an insight once.
    run = finished(ask(task_type, max_retries=3, parameters={"max_tokens": 300}), seconds=PATIENCE)
    assert (run.status, run.model_used) == ("succeeded", model), run.error
    assert run.result["content"].strip()
    answered = run.attempts.last()
    assert answered.prompt_tokens
    assert answered.completion_tokens
    assert answered.queue_ms is not None


def test_a_cancelled_run_stops_the_server_s_work(celery_worker, ask, idle):
    run = ask(payload={"prompt": "Count to ten thousand."}, parameters={"max_tokens": 4000})
    wait_until(lambda: TaskRun.objects.filter(pk=run.pk, token_at__isnull=False), seconds=PATIENCE)
    run_cancel(run, by=None)
    began = time.monotonic()
    assert idle()
    # A server that went on would keep its only place for minutes.
    assert time.monotonic() - began < 20
    run.refresh_from_db()
    assert run.status == "cancelled"


def test_a_run_whose_worker_is_killed_is_answered_by_another(
    ask, tmp_path, transactional_db, finished
):
    run = ask(payload={"prompt": "Count to two hundred."}, parameters={"max_tokens": 400})
    with WorkerProcess(tmp_path, concurrency=1) as first:
        wait_until(lambda: TaskRun.objects.get(pk=run.pk).token_at, seconds=PATIENCE)
        first.popen.send_signal(signal.SIGKILL)
    with WorkerProcess(tmp_path, concurrency=1):
        ended = finished(run, seconds=LEASE.total_seconds() + PATIENCE)
    assert (ended.status, ended.losses) == ("succeeded", 1)


def test_a_prompt_beyond_the_window_is_refused_with_both_numbers(celery_worker, ask, finished):
    run = finished(ask(payload={"prompt": "17 " * 3 * WINDOW}), seconds=PATIENCE)
    assert (run.status, run.error["code"]) == ("failed", "context_overflow")
    [attempt] = run.attempts.all()
    assert (attempt.outcome, attempt.cause) == ("unusable", "context_overflow")
    assert attempt.prompt_tokens > WINDOW
    assert str(WINDOW) in attempt.reason


def test_more_runs_than_the_server_works_on_wait_and_none_is_slow(celery_worker, ask, finished):
    runs = [ask(timeout_seconds=120, parameters={"max_tokens": 40}) for _ in range(12)]
    ended = [finished(run, seconds=PATIENCE) for run in runs]
    assert {run.status for run in ended} == {"succeeded"}
    assert {outcome for run in ended for outcome in outcomes(run)} == {("succeeded", "")}
    assert PermitPool.objects.get().learned >= 1
