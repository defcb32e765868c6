"""A worker counts what it does, on the model that did it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.workers.waiting import wait_until
from workers.metrics import labels
from workers.submission.enqueue import enqueue

TEXT = "TASK_TYPE_TEXT_GENERATION"


@pytest.fixture(autouse=True)
def known(monkeypatch):
    monkeypatch.setattr(labels, "_models", {"ok:3b", "ok:1b"})


@pytest.fixture
def ended(celery_worker, person, finished):
    def work():
        return finished(enqueue(task_type=TEXT, payload={"prompt": "x"}, user_id=person.pk))

    return work


def test_a_run_that_its_fallback_answers_counts_for_the_fallback(ended, ollama, counted):
    ollama.script("ok:3b", ["missing"])
    assert ended().model_used == "ok:1b"
    wait_until(lambda: counted("llm_attempts_total", model="ok:1b", outcome="succeeded"))
    assert counted("llm_attempts_total", model="ok:3b", outcome="unusable") == 1
    assert counted("llm_attempts_total", model="ok:3b", outcome="succeeded") == 0
    assert counted("llm_fallbacks_total", primary="ok:3b", fallback="ok:1b") == 1
    assert counted("llm_runs_total", task_type=TEXT, status="succeeded") == 1
    assert counted("llm_tokens_total", model="ok:1b", kind="completion") > 0
    assert counted("llm_first_token_seconds_count", model="ok:1b") == 1
    assert counted("llm_queue_wait_seconds_count", task_type=TEXT) == 1
    wait_until(lambda: counted("llm_running", task_type=TEXT) == 0)


def test_a_run_that_fails_counts_as_failed_once(ended, ollama, counted):
    for model in ("ok:3b", "ok:1b"):
        ollama.script(model, ["missing"])
    assert ended().status == "failed"
    wait_until(lambda: counted("llm_runs_total", task_type=TEXT, status="failed"))
    wait_until(lambda: counted("llm_running", task_type=TEXT) == 0)
    assert counted("llm_runs_total", task_type=TEXT, status="failed") == 1
    assert counted("llm_attempts_total", model="ok:1b", outcome="unusable") == 1


def test_a_run_that_a_malformed_message_ends_counts_as_failed(
    celery_worker, broker, person, finished, counted
):
    later = timezone.now() + timedelta(seconds=60)
    run = enqueue(task_type=TEXT, payload={"prompt": "x"}, user_id=person.pk, available_at=later)
    headers = {"llm_config": {"model": 7}}
    broker.send_task("llm.text_generation", args=[str(run.pk)], queue=run.queue, headers=headers)
    assert finished(run).status == "failed"
    wait_until(lambda: counted("llm_runs_total", task_type=TEXT, status="failed") == 1)
