"""A report is made once for a person and a week, however often it is asked for."""

import threading
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connections
from django.utils import timezone

from llmconfig.models import Tier
from llmconfig.values.errors import NoAllowedModel
from workers.models import TaskRun
from workers.reports.errors import (
    NoActivity,
    ReportUnderWay,
    ReportWritten,
    WeekNotEnded,
    WeekTooOld,
)
from workers.reports.making import report_again, report_start, reports_start
from workers.reports.models import ReportSettings, WeeklyReport
from workers.reports.status import report_status
from workers.runs.states import Status

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("config_file", "broker")]


def end(run, status):
    TaskRun.objects.filter(pk=run.pk).update(
        status=status, finished_at=timezone.now(), result={"content": "x"}
    )


def test_a_report_and_its_run_name_each_other(person, wanted, week):
    (started,) = reports_start([wanted(zone="Asia/Tokyo", language="de")])
    report = WeeklyReport.objects.get()
    assert started.report == report
    assert started.is_new
    assert (report.user, report.week, report.time_zone) == (person, str(week), "Asia/Tokyo")
    assert (report.language, report.written_at) == ("de", None)
    assert (report.starts_at, report.ends_at) == week.bounds(ZoneInfo("Asia/Tokyo"))
    run = report.run
    assert (run.user, run.queue, run.task_type) == (
        person, "llm.weekly_report.low", "TASK_TYPE_WEEKLY_REPORT",
    )  # fmt: skip
    assert run.llm_config["model"] == "ok:7b"
    assert run.deadline - run.available_at == timedelta(hours=24)


def test_a_second_one_is_not_made_and_the_first_is_told(wanted):
    (first,) = reports_start([wanted()])
    (second,) = reports_start([wanted(zone="Asia/Tokyo")])
    assert second.report == first.report
    assert not second.is_new
    assert TaskRun.objects.count() == 1


def test_other_weeks_and_other_people_have_reports_of_their_own(wanted, week):
    ben = get_user_model().objects.create_user("ben")
    asked = [wanted(), wanted(week=week.shifted(-1)), wanted(ben)]
    assert all(started.is_new for started in reports_start(asked))
    assert WeeklyReport.objects.count() == TaskRun.objects.count() == 3


def test_a_report_for_later_waits_until_then(wanted):
    later = timezone.now() + timedelta(hours=3)
    (started,) = reports_start([wanted(available_at=later)])
    run = started.report.run
    assert (run.available_at, run.deadline) == (later, later + timedelta(hours=24))


def test_who_may_use_no_model_gets_none_and_the_others_do(person, wanted):
    ben = get_user_model().objects.create_user("ben")
    group = Group.objects.create(name="narrow")
    Tier.objects.create(group=group, rank=1, allowed_models=["nothing"])
    person.groups.add(group)
    none, made = reports_start([wanted(), wanted(ben)])
    assert isinstance(none.error, NoAllowedModel)
    assert none.report is None
    assert made.is_new
    assert WeeklyReport.objects.get().user == ben


def test_many_reports_cost_as_many_queries_as_few(wanted, django_assert_max_num_queries):
    people = [get_user_model().objects.create_user(f"user{i}") for i in range(30)]
    with django_assert_max_num_queries(14):
        reports_start([wanted(user) for user in people])
    assert WeeklyReport.objects.count() == 30


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_one_makes_it(wanted):
    asked, outcomes, gate = wanted(), [], threading.Barrier(6)

    def ask():
        gate.wait()
        outcomes.extend(reports_start([asked]))
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome.is_new for outcome in outcomes) == [False] * 5 + [True]
    assert len({outcome.report.pk for outcome in outcomes}) == 1
    assert TaskRun.objects.count() == 1


def test_on_demand_the_last_week_of_ones_zone_is_reported(person, sent, week, day):
    ReportSettings.objects.create(user=person, time_zone="Pacific/Kiritimati", language="fr")
    sent("worked")
    started = report_start(user_id=person.pk, moment=day(7, 0))
    assert started.is_new
    assert started.report.week == str(week)
    assert (started.report.time_zone, started.report.language) == ("Pacific/Kiritimati", "fr")
    assert started.report.run.queue == "llm.weekly_report"


def test_a_week_that_goes_on_is_not_reported(person, week):
    with pytest.raises(WeekNotEnded):
        report_start(user_id=person.pk, week=week.shifted(1))


def test_a_week_whose_runs_are_deleted_is_not_reported(person, week, settings):
    settings.RUN_RETENTION_DAYS = 30
    with pytest.raises(WeekTooOld):
        report_start(user_id=person.pk, week=week.shifted(-6))


def test_a_week_without_activity_is_not_reported(person):
    with pytest.raises(NoActivity):
        report_start(user_id=person.pk)
    assert not WeeklyReport.objects.exists()
    assert not TaskRun.objects.exists()


def test_a_report_under_way_is_told_and_not_begun_again(person, sent):
    sent("worked")
    first = report_start(user_id=person.pk)
    second = report_start(user_id=person.pk)
    assert (second.report, second.is_new) == (first.report, False)
    with pytest.raises(ReportUnderWay):
        report_again(first.report)


@pytest.mark.parametrize("status", [Status.FAILED, Status.EXPIRED, Status.CANCELLED])
def test_a_report_that_failed_gets_a_new_run(person, sent, status):
    sent("worked")
    first = report_start(user_id=person.pk)
    failed = first.report.run
    end(failed, status)
    again = report_start(user_id=person.pk)
    assert (again.report, again.is_new) == (first.report, True)
    assert again.report.run != failed
    assert again.report.run.retry_of == failed


def test_a_run_that_succeeded_without_writing_its_report_has_failed(person, sent):
    """As one of a worker of the last release."""
    sent("worked")
    report = report_start(user_id=person.pk).report
    end(report.run, Status.SUCCEEDED)
    report.refresh_from_db()
    assert report_status(report) == "failed"
    assert report_start(user_id=person.pk).is_new


def test_a_report_that_failed_is_not_tried_again_when_nothing_is_left_of_its_week(person, sent):
    worked = sent("worked")
    end(report_start(user_id=person.pk).report.run, Status.FAILED)
    worked.delete()
    with pytest.raises(NoActivity):
        report_start(user_id=person.pk)


def test_a_report_whose_run_was_deleted_before_it_wrote_gets_a_new_run(person, sent):
    sent("worked")
    report_start(user_id=person.pk).report.run.delete()
    assert report_start(user_id=person.pk).is_new


def test_a_written_report_stays_although_its_run_is_gone(person, wanted):
    (started,) = reports_start([wanted()])
    WeeklyReport.objects.update(written_at=timezone.now(), content="Done.")
    started.report.run.delete()
    assert not report_start(user_id=person.pk).is_new
    with pytest.raises(ReportWritten):
        report_again(started.report)
