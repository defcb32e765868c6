"""The log lines at the end of attempts and runs."""

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from workers.models import Attempt, TaskRun
from workers.runs.run_log import attempt_log, run_log
from workers.runs.states import Status
from workers.submission.cancel import run_cancel


@pytest.fixture
def run():
    now = timezone.now()
    return TaskRun(
        task_type="TASK_TYPE_TEXT_GENERATION",
        queue="llm.text_generation",
        payload={"prompt": "x"},
        llm_config={"source": "tier", "model": "a:1"},
        created_at=now - timedelta(seconds=3),
        deadline=now + timedelta(minutes=10),
    )


@pytest.fixture(autouse=True)
def _all_levels(caplog):
    caplog.set_level(logging.INFO, logger="workers.runs.run_log")


def ended(caplog):
    return [record for record in caplog.records if getattr(record, "action", "") == "run"]


def test_a_run_without_an_attempt_names_the_model_that_was_to_be_called(run, caplog):
    run_log(run, Status.EXPIRED, ())
    (record,) = caplog.records
    assert (record.model, record.source, record.outcome) == ("a:1", "tier", "expired")
    assert (record.host, record.prompt_tokens, record.completion_tokens) == ("", 0, 0)
    assert 3 <= record.seconds < 60


@pytest.mark.parametrize("config", [{}, [], None, "x", {"source": 7}])
def test_a_foreign_configuration_is_logged_as_far_as_it_goes(run, caplog, config):
    run.llm_config = config
    run_log(run, Status.FAILED, ())
    assert caplog.records[0].outcome == "failed"


def test_no_value_breaks_the_line(run, caplog):
    attempt = Attempt(model="a\nb", host="h", outcome="slow", reason="late\x1b[2J", duration_ms=5)
    attempt_log(run, attempt, 1)
    assert caplog.records[0].getMessage().isprintable()


@pytest.mark.django_db
def test_a_cancelled_run_is_logged_after_its_commit(
    run, caplog, django_capture_on_commit_callbacks
):
    run.save()
    with django_capture_on_commit_callbacks() as callbacks:
        run_cancel(run, by=None)
    assert not ended(caplog)
    for callback in callbacks:
        callback()
    assert [record.outcome for record in ended(caplog)] == ["cancelled"]
