"""What is booked, on which model, under which labels."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone

from workers.metrics import book, labels
from workers.metrics.instruments import REGISTRY
from workers.models import Attempt, TaskRun

TEXT = "TASK_TYPE_TEXT_GENERATION"


@pytest.fixture(autouse=True)
def known(monkeypatch):
    monkeypatch.setattr(labels, "_models", {"a:1", "b:1"})


def attempt(model="a:1", outcome="succeeded", **fields):
    return Attempt(model=model, outcome=outcome, **{"duration_ms": 1500, **fields})


def test_an_attempt_counts_for_the_model_that_was_called(counted):
    book.attempt_ended(attempt(outcome="slow", prompt_tokens=3))
    book.attempt_ended(attempt("b:1", first_token_ms=200, prompt_tokens=10, completion_tokens=20))
    assert counted("llm_attempts_total", model="a:1", outcome="slow") == 1
    assert counted("llm_attempts_total", model="b:1", outcome="succeeded") == 1
    assert counted("llm_tokens_total", model="a:1", kind="prompt") == 3
    assert counted("llm_tokens_total", model="b:1", kind="completion") == 20
    assert counted("llm_attempt_duration_seconds_sum", model="b:1") == 1.5
    assert counted("llm_first_token_seconds_count", model="a:1") == 0
    assert counted("llm_first_token_seconds_sum", model="b:1") == 0.2


def test_a_skipped_model_has_no_duration(counted):
    book.models_skipped(["a:1"])
    assert counted("llm_attempts_total", model="a:1", outcome="skipped") == 1
    assert counted("llm_attempt_duration_seconds_count", model="a:1") == 0


def test_a_fallback_names_both_models(counted):
    book.fallback_began("a:1", "b:1")
    assert counted("llm_fallbacks_total", primary="a:1", fallback="b:1") == 1


def test_work_counts_as_running_until_it_ends_and_its_wait_is_told(counted):
    due = timezone.now() - timedelta(seconds=40)
    with suppress(ValueError), book.at_work(TaskRun(task_type=TEXT, available_at=due)):
        assert counted("llm_running", task_type=TEXT) == 1
        raise ValueError("broken")
    assert counted("llm_running", task_type=TEXT) == 0
    assert 40 <= counted("llm_queue_wait_seconds_sum", task_type=TEXT) < 60


def test_a_run_counts_by_its_type_and_a_strange_type_as_other(counted):
    book.run_ended(TEXT, "succeeded")
    book.run_ended("TASK_TYPE_GONE", "failed")
    assert counted("llm_runs_total", task_type=TEXT, status="succeeded") == 1
    assert counted("llm_runs_total", task_type="other", status="failed") == 1


def test_no_label_holds_a_person_a_run_or_an_unknown_model(counted):
    book.attempt_ended(attempt("secret-of-ada:1"))
    samples = [sample for metric in REGISTRY.collect() for sample in metric.samples]
    assert not [s for s in samples for value in s.labels.values() if "ada" in value]
    assert not {name for s in samples for name in s.labels} & {"user", "user_id", "run", "run_id"}
