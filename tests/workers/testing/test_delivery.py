"""A run can be worked on inside a test."""

import pytest

from workers.submission.enqueue import enqueue
from workers.testing import behaviours as b
from workers.testing.delivery import run_finish
from workers.testing.script import always

pytestmark = pytest.mark.django_db(transaction=True)


def text():
    return enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload={"prompt": "Why?"})


def test_a_run_goes_through_its_retries_without_waiting(ollama, broker):
    run = text()
    ollama.script("ok:3b", [b.Status(code=429, retry_after=60), b.Reset()])
    run = run_finish(run)
    assert [a.outcome for a in run.attempts.all()] == ["transient", "transient", "succeeded"]


def test_a_run_whose_host_stays_away_is_an_error_of_the_test(ollama, broker, monkeypatch):
    monkeypatch.setattr("workers.testing.delivery.MOST_DELIVERIES", 3)
    run = text()
    ollama.stop()
    with pytest.raises(AssertionError, match="still retrying after 3 deliveries"):
        run_finish(run)


def test_a_run_that_fails_has_ended(ollama, broker):
    run = text()
    ollama.script("ok:3b", [always(b.Status(code=400, body="against our policy"))])
    assert run_finish(run).error["code"] == "rejected"
