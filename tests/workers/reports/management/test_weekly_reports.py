"""``manage.py weekly_reports --due``."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from workers.models import TaskRun
from workers.reports.models import FanOut, WeeklyReport
from workers.reports.weeks import week_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("config_file", "broker")]


def told(*options):
    output = StringIO()
    call_command("weekly_reports", *options, stdout=output)
    return output.getvalue().splitlines()


@pytest.fixture
def worked(person):
    """Somebody has sent something in each of the last weeks."""
    for days in range(1, 22):
        moment = timezone.now() - timedelta(days=days)
        TaskRun.objects.create(
            task_type="TASK_TYPE_INSIGHT_GENERATION", queue="llm.insight_generation", user=person,
            payload={"entries": [{"text": "Shipped it"}]}, llm_config={}, status="succeeded",
            result={"content": "x"}, created_at=moment, finished_at=moment, deadline=moment,
        )  # fmt: skip
    return person


def test_it_makes_what_is_due(worked, settings):
    settings.REPORT_CATCH_UP_DAYS = 7
    assert told("--due") == ["Due: 1, made: 1, refused: 0"]
    assert WeeklyReport.objects.get().user == worked
    assert told("--due") == ["Due: 0, made: 0, refused: 0"]


def test_after_one_that_was_left_in_the_middle_who_is_due_now_follows(worked, settings):
    settings.REPORT_CATCH_UP_DAYS = 7
    FanOut.objects.create(moment=timezone.now() - timedelta(days=60), deliveries=1)
    assert told("--due") == ["Due: 0, made: 0, refused: 0", "Due: 1, made: 1, refused: 0"]


def test_a_dry_run_counts_and_makes_nothing(worked, settings):
    settings.REPORT_CATCH_UP_DAYS = 7
    (line,) = told("--due", "--dry-run")
    week, _colon, rest = line.partition(":")
    assert rest == " 1 report is due."
    assert week < str(week_of(timezone.now(), timezone.get_default_timezone()))
    assert not WeeklyReport.objects.exists()
    assert not FanOut.objects.exists()


def test_a_dry_run_says_when_there_is_nothing(person):
    assert told("--due", "--dry-run") == ["No report is due."]


def test_the_reasons_of_refusals_are_told(worked, settings):
    settings.REPORT_CATCH_UP_DAYS = 7
    settings.LLM_ENVIRON = {"LLM_ALLOWED_MODELS": "other*"}
    assert told("--due") == ["Due: 1, made: 0, refused: 1", "  no_allowed_model: 1"]


def test_it_says_what_it_needs():
    with pytest.raises(CommandError):
        told()
