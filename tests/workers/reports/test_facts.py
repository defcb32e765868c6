"""The facts of a week are counted from rows, to the token, and from nothing else."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from workers.models import Attempt, TaskRun
from workers.reports.facts import Span, cost_of, facts_of

pytestmark = pytest.mark.django_db

TYPES = ["TASK_TYPE_INSIGHT_GENERATION", "TASK_TYPE_DATA_ANALYSIS", "TASK_TYPE_TEXT_GENERATION"]


@pytest.fixture
def span(person, wanted):
    starts_at, ends_at = wanted().bounds
    return Span(user_id=person.pk, starts_at=starts_at, ends_at=ends_at)


def test_a_week_without_runs_has_facts_of_nothing(span):
    facts = facts_of(span)
    assert facts["runs"] == {"total": 0, "by_task_type": {}}
    assert facts["usage"] == {"prompt_tokens": 0, "completion_tokens": 0}
    assert (facts["models"], facts["fallbacks"], facts["model_seconds"]) == ([], [], 0)


def test_runs_are_counted_by_type_and_by_how_they_ended(span, sent):
    sent("a"), sent("b"), sent("c", status="failed")
    sent("d", task_type="TASK_TYPE_DATA_ANALYSIS", status="cancelled")
    sent("e", status="queued")
    assert facts_of(span)["runs"] == {
        "total": 4,
        "by_task_type": {
            "TASK_TYPE_DATA_ANALYSIS": {"cancelled": 1},
            "TASK_TYPE_INSIGHT_GENERATION": {"failed": 1, "succeeded": 2},
        },
    }


def test_a_run_belongs_to_the_week_in_which_it_ended(span, sent):
    minute = timedelta(minutes=1)
    for finished_at in (
        span.starts_at - minute / 60,
        span.starts_at,
        span.ends_at - minute / 60,
        span.ends_at,
    ):
        sent("x", at=finished_at - minute, finished_at=finished_at)
    assert facts_of(span)["runs"]["total"] == 2


def test_tokens_seconds_and_answers_are_told_by_model_under_its_one_name(span, sent, attempt):
    run = sent("a", model_used="qwen3")
    attempt(run, 1, model="qwen3", outcome="transient", prompt_tokens=7, completion_tokens=None)
    attempt(run, 2, model="qwen3:latest", prompt_tokens=11, completion_tokens=3)
    attempt(run, None, model="other", outcome="skipped", duration_ms=0, prompt_tokens=None)
    facts = facts_of(span)
    assert [model for model in facts["models"] if model["model"] != "other:latest"] == [
        {
            "model": "qwen3:latest",
            "attempts": 2,
            "answers": 1,
            "prompt_tokens": 18,
            "completion_tokens": 3,
            "model_seconds": 3.0,
        }
    ]
    assert facts["usage"]["prompt_tokens"] == 18
    assert facts["model_seconds"] == 3.0


def test_why_a_fallback_answered_is_how_the_primarys_last_attempt_ended(span, sent, attempt):
    for _ in range(2):
        run = sent("a", model_used="small:1b", fallback_used=True)
        attempt(run, 1, model="big:7b", outcome="transient", cause="server_error")
        attempt(run, 2, model="big:7b", outcome="slow", cause="timeout")
        attempt(run, 3, model="small:1b", outcome="transient", cause="busy")
        attempt(run, 4, model="small:1b")
    assert facts_of(span)["fallbacks"] == [
        {"from": "big:7b", "to": "small:1b", "outcome": "slow", "cause": "timeout", "runs": 2}
    ]


def test_what_writes_reports_and_parts_of_runs_belong_to_no_week(span, sent, attempt):
    report = sent(task_type="TASK_TYPE_WEEKLY_REPORT", payload={"report": "x"}, model_used="m:1")
    part = sent("x", task_type="TASK_TYPE_WEEKLY_REPORT", parent=report, model_used="m:1")
    attempt(report), attempt(part), attempt(part, 2)
    posted = sent("mine", task_type="TASK_TYPE_WEEKLY_REPORT")
    attempt(posted)
    facts = facts_of(span)
    assert facts["runs"]["by_task_type"] == {"TASK_TYPE_WEEKLY_REPORT": {"succeeded": 1}}
    assert facts["usage"]["prompt_tokens"] == 10
    cost = cost_of(report)
    assert (cost["parts"], cost["usage"]) == (1, {"prompt_tokens": 30, "completion_tokens": 15})
    assert cost["model_seconds"] == 4.5


def test_other_peoples_runs_do_not_count(span, sent, django_user_model):
    sent("x", user=django_user_model.objects.create_user("ben"))
    assert facts_of(span)["runs"]["total"] == 0


def test_facts_take_as_many_queries_for_many_runs_as_for_few(
    span, sent, attempt, django_assert_max_num_queries
):
    for _ in range(20):
        attempt(sent("x"))
    with django_assert_max_num_queries(6):
        facts_of(span)


def test_facts_of_two_hundred_weeks_reconcile_with_the_attempts_to_the_token(person, wanted, week):
    draw = random.Random(6)
    _fill(person, week, draw)
    for number in range(200):
        starts_at, ends_at = wanted(week=week.shifted(-number)).bounds
        facts = facts_of(Span(user_id=person.pk, starts_at=starts_at, ends_at=ends_at))
        usage = facts["usage"]
        told = (
            facts["runs"]["total"],
            usage["prompt_tokens"],
            usage["completion_tokens"],
            round(facts["model_seconds"] * 1000),
        )
        assert told == _counted(person, starts_at, ends_at)
        for name in usage:
            assert sum(model[name] for model in facts["models"]) == usage[name]


def _fill(person, week, draw):
    """Runs of four years, with up to four attempts each."""
    runs, attempts = [], []
    end = timezone.now()
    for _ in range(2000):
        finished = end - timedelta(seconds=draw.randrange(205 * 7 * 86_400))
        status = draw.choice(["succeeded", "failed", "cancelled", "expired"])
        run = TaskRun(
            user=person, task_type=draw.choice(TYPES), queue="q", payload={"entries": []},
            llm_config={}, status=status, result={}, deadline=end, finished_at=finished,
            created_at=finished - timedelta(seconds=draw.randrange(86_400)),
            model_used=draw.choice(["a", "b:1"]) if status == "succeeded" else "",
        )  # fmt: skip
        runs.append(run)
        attempts += [
            Attempt(
                run=run, number=number, model=draw.choice(["a", "a:latest", "b:1"]), host="h",
                outcome="transient", started_at=finished, duration_ms=draw.randrange(90_000),
                prompt_tokens=draw.choice([None, draw.randrange(9000)]),
                completion_tokens=draw.choice([None, draw.randrange(900)]),
            )
            for number in range(1, draw.randrange(1, 6))
        ]  # fmt: skip
    TaskRun.objects.bulk_create(runs)
    Attempt.objects.bulk_create(attempts)


def _counted(person, starts_at, ends_at):
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(DISTINCT r.id), coalesce(sum(a.prompt_tokens), 0),
                      coalesce(sum(a.completion_tokens), 0), coalesce(sum(a.duration_ms), 0)
               FROM workers_taskrun r LEFT JOIN workers_attempt a ON a.run_id = r.id
               WHERE r.user_id = %s AND r.finished_at >= %s AND r.finished_at < %s""",
            [person.pk, starts_at, ends_at],
        )
        return cursor.fetchone()


def test_a_prompt_that_was_refused_for_its_length_was_not_read(span, sent, attempt):
    run = sent("worked")
    attempt(run, outcome="unusable", cause="context_overflow", prompt_tokens=9000,
            completion_tokens=None)  # fmt: skip
    attempt(run, number=2, prompt_tokens=70)
    assert facts_of(span)["usage"]["prompt_tokens"] == 70
