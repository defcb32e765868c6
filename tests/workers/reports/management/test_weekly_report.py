"""``manage.py weekly_report``: made for one person, or only told what it would be made from."""

from datetime import timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from workers.models import TaskRun
from workers.reports.models import WeeklyReport
from workers.reports.weeks import week_last_ended

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("config_file", "broker")]


@pytest.fixture
def week():
    return week_last_ended(timezone.now(), ZoneInfo("UTC"))


@pytest.fixture
def worked(person, week):
    def make(*texts):
        TaskRun.objects.create(
            user=person, task_type="TASK_TYPE_INSIGHT_GENERATION", queue="llm.insight_generation",
            payload={"entries": [{"date": str(week.monday), "text": text} for text in texts]},
            llm_config={}, deadline=timezone.now() + timedelta(days=1),
        )  # fmt: skip

    return make


def run(*options):
    out = StringIO()
    call_command("weekly_report", *options, stdout=out)
    return out.getvalue()


def told_report(*options):
    (line,) = [line for line in run(*options).splitlines() if line.startswith("report ")]
    return line.split(None, 1)[1]


def test_it_makes_the_report_once(worked, week):
    worked("x")
    told = run("--user=ada", f"--week={week}")
    report = WeeklyReport.objects.get()
    assert str(report.run_id) in told
    assert str(report.pk) in told
    assert "is there, or under way" in run("--user=ada")
    assert WeeklyReport.objects.count() == 1


def test_a_dry_run_tells_facts_entries_parts_and_model_and_writes_nothing(worked, week):
    worked("one", "two")
    told = run("--user=ada", f"--week={week}", "--dry-run")
    lines = dict(line.split(None, 1) for line in told.splitlines() if line[:1].strip("{} "))
    assert lines["entries"] == "2"
    assert lines["parts"] == "0"
    assert lines["model"].startswith("ok:7b")
    assert '"total": 0' in told
    assert not WeeklyReport.objects.exists()
    assert TaskRun.objects.count() == 1


def test_a_dry_run_of_a_long_week_tells_its_parts(worked):
    worked(*[f"{n} " + "x" * 1000 for n in range(30)])
    told = run("--user=ada", "--dry-run")
    assert int(told.split("parts")[1].split()[0]) > 2


def test_a_dry_run_tells_what_would_become_of_the_report(worked, week):
    worked("x")
    assert told_report("--user=ada", "--dry-run") == "will be made"
    run("--user=ada")
    report = WeeklyReport.objects.get()
    assert told_report("--user=ada", "--dry-run") == (
        f"{report.pk}  (pending)  It waits for a free worker."
    )
    TaskRun.objects.filter(pk=report.run_id).update(status="failed", finished_at=timezone.now())
    assert told_report("--user=ada", "--dry-run") == f"{report.pk}  (failed)  will be made again"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--user=nobody"], "There is no user"),
        (["--user=ada", "--week=47"], "2026-W47"),
        (["--user=ada", "--week=2025-W53"], "has no week 53"),
        (["--user=ada", "--week=9998-W01"], "has not ended"),
        (["--user=ada", "--week=1971-W01"], "too old"),
        (["--user=ada"], "nothing to report"),
    ],
)
def test_what_cannot_be_is_told_in_words(person, options, why):
    for dry in ([], ["--dry-run"]):
        with pytest.raises(CommandError, match=why):
            run(*options, *dry)
