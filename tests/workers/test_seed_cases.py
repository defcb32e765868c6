"""The three cases that the project began with, on exactly this file."""

import logging

import pytest

from llmconfig.models import Preference
from workers.submission.enqueue import enqueue
from workers.testing.behaviours import Missing, Silent

YAML = """\
llm:
  default_model: "llama3.2:3b"
  fallback_model: "llama3.2:1b"
  timeout: "60s"
  max_retries: 3
  task_types:
    TASK_TYPE_INSIGHT_GENERATION:
      model: "llama3.2:3b"
      timeout: "45s"
      max_retries: 2
    TASK_TYPE_WEEKLY_REPORT:
      model: "llama3.2:7b"
      timeout: "120s"
      max_retries: 3
    TASK_TYPE_DATA_ANALYSIS:
      model: "llama3.2:3b"
      timeout: "90s"
      max_retries: 3
"""
ENTRIES = {"entries": ["Fixed the login", "Reviewed two changes"]}
INSIGHT, REPORT = "TASK_TYPE_INSIGHT_GENERATION", "TASK_TYPE_WEEKLY_REPORT"


@pytest.fixture(autouse=True)
def seed_file(config_file):
    config_file(YAML)


def test_without_rows_the_task_type_decides(celery_worker, person, finished):
    run = finished(enqueue(task_type=INSIGHT, payload=ENTRIES, user_id=person.pk))
    assert run.model_used == "llama3.2:3b"
    assert (run.llm_config["timeout_seconds"], run.llm_config["max_retries"]) == (45, 2)
    assert run.llm_config["source"] == "task_type"


def test_a_users_preferred_model_wins_and_the_rest_is_inherited(celery_worker, person, finished):
    Preference.objects.create(user=person, model="llama3.2:7b")
    run = finished(enqueue(task_type=REPORT, payload=ENTRIES, user_id=person.pk))
    assert run.model_used == "llama3.2:7b"
    assert run.llm_config["timeout_seconds"] == 120
    assert run.llm_config["source"] == "user"


@pytest.mark.parametrize(
    ("behaviour", "limit", "outcome", "reason"),
    [(Missing(), None, "unusable", "not found"), (Silent(), 1, "slow", "")],
    ids=["missing", "times out"],
)
def test_when_the_primary_fails_the_fallback_answers_with_a_warning(
    celery_worker, ollama, person, finished, caplog, behaviour, limit, outcome, reason
):
    ollama.script("llama3.2:3b", [behaviour])
    if limit:
        Preference.objects.create(user=person, timeout_seconds=limit)
    with caplog.at_level(logging.WARNING, logger="workers"):
        run = finished(enqueue(task_type=INSIGHT, payload=ENTRIES, user_id=person.pk))
    assert (run.status, run.model_used, run.fallback_used) == ("succeeded", "llama3.2:1b", True)
    attempts = list(run.attempts.all())
    assert [attempt.outcome for attempt in attempts] == [outcome, "succeeded"]
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    (warning,) = [text for text in warnings if "trying fallback" in text]
    assert warning.startswith("Primary model failed, trying fallback")
    assert "llama3.2:3b" in warning
    assert "llama3.2:1b" in warning
    assert attempts[0].reason in warning
    assert reason in warning
