"""Whoever is due gets a report, once, however the fan-out goes."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery import current_app
from django.contrib.auth import get_user_model
from django.db import connections
from django.utils import timezone

from config.settings import base
from workers.models import TaskRun
from workers.reports import fan_out
from workers.reports.due import Slot
from workers.reports.fan_out import fan_out_begin, fan_out_run, fan_outs_prune, reports_due
from workers.reports.models import FanOut, ReportRefusal, ReportSettings, WeeklyReport
from workers.reports.tasks import enqueue_weekly_reports
from workers.reports.weeks import week_last_ended
from workers.runs.states import OPEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("config_file", "broker")]
NOTHING_ALLOWED = {"LLM_ALLOWED_MODELS": "other*"}


@pytest.fixture(autouse=True)
def _one_week_is_due(settings):
    settings.REPORT_CATCH_UP_DAYS = 7


@pytest.fixture
def monday(week):
    """When reports are due by default, in UTC."""
    return Slot(zone=ZoneInfo("UTC"), weekday=1, hour=7).moment_on(week.shifted(1).monday)


@pytest.fixture
def due(monday):
    """Now, or where this is the night before, when reports are due by default."""
    return max(monday, timezone.now())


@pytest.fixture
def people(sent):
    """Makes users who have sent an entry in the week."""

    def make(count):
        model = get_user_model()
        made = [model.objects.create_user(f"user{number}") for number in range(count)]
        for user in made:
            sent("Shipped it", user=user)
        return made

    return make


def run_at(moment):
    """One whole fan-out; its row."""
    begun = fan_out_begin(moment)
    assert fan_out_run(begun)
    begun.refresh_from_db()
    return begun


def reported():
    """Whose reports there are, each with its run."""
    assert TaskRun.objects.filter(task_type="TASK_TYPE_WEEKLY_REPORT").count() == (
        WeeklyReport.objects.exclude(run=None).count()
    )
    return list(WeeklyReport.objects.order_by("user").values_list("user__username", flat=True))


def test_a_report_is_made_from_its_moment_on(person, sent, monday, week):
    sent("Shipped it")
    assert run_at(monday - timedelta(seconds=1)).due == 0
    row = run_at(monday)
    assert (row.due, row.made, row.refused, row.reasons) == (1, 1, 0, {})
    report = WeeklyReport.objects.get()
    assert (report.user, report.week) == (person, str(week))
    assert report.run.queue == "llm.weekly_report.low"


def test_a_report_of_a_fan_out_that_stood_still_for_days_can_still_be_written(person, sent):
    moment = timezone.now() - timedelta(days=3)
    ended = week_last_ended(moment - timedelta(hours=7), ZoneInfo("UTC"))
    sent("Shipped it", at=datetime.combine(ended.monday, datetime.min.time(), UTC))
    run_at(moment)
    run = WeeklyReport.objects.get().run
    assert run.status_at(timezone.now()) in OPEN
    assert run.deadline - timezone.now() > timedelta(hours=23)


def test_nobody_gets_a_second_one(people, monday):
    people(3)
    run_at(monday)
    again = run_at(monday + timedelta(minutes=15))
    assert (again.looked_at, again.due, again.made) == (0, 0, 0)
    assert reported() == ["user0", "user1", "user2"]


def test_who_did_nothing_wants_none_or_left_gets_none(people, monday, sent, day):
    idle, off, gone, earlier = people(4)
    TaskRun.objects.filter(user=idle).delete()
    ReportSettings.objects.create(user=off, enabled=False)
    get_user_model().objects.filter(pk=gone.pk).update(is_active=False)
    TaskRun.objects.filter(user=earlier).update(
        created_at=day(-3), finished_at=day(-3) + timedelta(minutes=1)
    )
    assert run_at(monday).due == 0
    assert reported() == []


def test_each_is_due_by_their_own_settings(people, monday):
    auckland, honolulu, wednesday = people(3)
    ReportSettings.objects.create(user=auckland, time_zone="Pacific/Auckland")
    ReportSettings.objects.create(user=honolulu, time_zone="Pacific/Honolulu")
    ReportSettings.objects.create(user=wednesday, weekday=3, hour=10)
    for user, moment in [
        ("user0", "2026-11-23T07:00+13:00"),
        ("user1", "2026-11-23T07:00-10:00"),
        ("user2", "2026-11-25T10:00+00:00"),
    ]:
        # Of the week before that of these dates.
        now = monday + (datetime.fromisoformat(moment) - datetime(2026, 11, 23, 7, tzinfo=UTC))
        assert run_at(now - timedelta(minutes=1)).made == 0
        assert run_at(now).made == 1
        assert WeeklyReport.objects.latest("created_at").user.username == user


def test_a_beat_that_was_away_for_days_catches_up_and_not_for_ever(people, monday, settings):
    settings.REPORT_CATCH_UP_DAYS = 6
    people(1)
    assert run_at(monday + timedelta(days=6)).due == 0
    assert run_at(monday + timedelta(days=6, seconds=-1)).made == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"weekday": 1}, {"weekday": 3}),
        ({"weekday": 3}, {"weekday": 1}),
        ({"time_zone": "Pacific/Auckland"}, {"time_zone": "Pacific/Honolulu"}),
        ({"time_zone": "Pacific/Honolulu"}, {"time_zone": "Pacific/Auckland"}),
    ],
)
def test_who_changes_their_settings_gets_one_report_of_the_week(
    before, after, people, monday, settings
):
    settings.REPORT_CATCH_UP_DAYS = base.REPORT_CATCH_UP_DAYS
    (user,) = people(1)
    ReportSettings.objects.create(user=user, **before)
    for days in range(-1, 9):
        if days == 1:
            ReportSettings.objects.filter(user=user).delete()
            ReportSettings.objects.create(user=user, **after)
        run_at(monday + timedelta(days=days))
    assert reported() == ["user0"]


def test_reports_are_spread_and_their_deadline_counts_from_then(people, due, settings):
    settings.REPORT_SPREAD = timedelta(hours=2)
    people(20)
    run_at(due)
    runs = TaskRun.objects.filter(task_type="TASK_TYPE_WEEKLY_REPORT")
    moments = {run.available_at for run in runs}
    assert len(moments) == 20
    assert due <= min(moments) < max(moments) <= due + timedelta(hours=2)
    assert {run.deadline - run.available_at for run in runs} == {timedelta(hours=24)}


def test_what_is_not_available_yet_is_not_sent(people, due, settings):
    settings.REPORT_SPREAD = timedelta(days=1)
    people(3)
    run_at(due)
    assert set(
        TaskRun.objects.filter(task_type="TASK_TYPE_WEEKLY_REPORT").values_list(
            "status", "published_at"
        )
    ) == {("pending", None)}


def test_a_fan_out_goes_on_where_it_stopped(people, monday, monkeypatch):
    # The first two users are one who did nothing, and user0.
    monkeypatch.setattr(fan_out, "CHUNK", 2)
    people(4)
    begun = fan_out_begin(monday)
    assert not fan_out_run(begun, seconds=0)
    assert reported() == ["user0"]
    # The next tick takes it up, whatever the time is then.
    again = fan_out_begin(monday + timedelta(minutes=15))
    assert again.pk == begun.pk
    assert not fan_out_run(again, seconds=0)
    assert fan_out_run(again, seconds=0)
    again.refresh_from_db()
    assert (again.moment, again.made, again.looked_at, again.deliveries) == (monday, 4, 4, 2)
    assert again.finished_at
    assert reported() == [f"user{number}" for number in range(4)]


def test_a_chunk_is_whole_or_not_at_all(people, monday, monkeypatch):
    people(3)
    begun = fan_out_begin(monday)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fan_out, "_count", killed)
        with pytest.raises(KeyboardInterrupt):
            fan_out_run(begun)
    assert reported() == []
    row = run_at(monday)
    assert (row.pk, row.made) == (begun.pk, 3)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_each_report_once(people, monday, monkeypatch):
    monkeypatch.setattr(fan_out, "CHUNK", 4)
    people(30)
    together = threading.Barrier(3)

    def work():
        try:
            together.wait()
            fan_out_run(fan_out_begin(monday))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reported()) == len(set(reported())) == 30
    assert sum(FanOut.objects.values_list("made", flat=True)) == 30


@pytest.mark.django_db(transaction=True)
def test_a_user_who_is_deleted_in_the_middle_costs_nobody_their_report(people, monday, monkeypatch):
    gone, *_others = people(3)
    start = fan_out.reports_start

    def start_late(wanted):
        # Seen by the chunk's transaction as a change of somebody else.
        thread = threading.Thread(target=delete)
        thread.start()
        thread.join()
        return start(wanted)

    def delete():
        get_user_model().objects.filter(pk=gone.pk).delete()
        connections.close_all()

    monkeypatch.setattr(fan_out, "reports_start", start_late)
    assert run_at(monday).made == 2
    assert reported() == ["user1", "user2"]


def test_who_is_refused_is_counted_and_tried_again_later(people, due, settings):
    people(2)
    settings.LLM_ENVIRON = NOTHING_ALLOWED
    row = run_at(due)
    assert (row.due, row.made, row.refused) == (2, 0, 2)
    assert row.reasons == {"no_allowed_model": 2}
    refusal = ReportRefusal.objects.first()
    assert (refusal.code, bool(refusal.detail)) == ("no_allowed_model", True)
    ReportRefusal.objects.update(tried_at=due)
    # Not every quarter of an hour.
    assert run_at(due + timedelta(minutes=15)).looked_at == 0
    settings.LLM_ENVIRON = {}
    assert run_at(due + timedelta(hours=6, minutes=1)).made == 2
    assert not ReportRefusal.objects.exists()


def test_a_refusal_that_stays_has_one_row(people, due, settings):
    people(1)
    settings.LLM_ENVIRON = NOTHING_ALLOWED
    run_at(due)
    ReportRefusal.objects.update(tried_at=due - timedelta(hours=7))
    assert run_at(due).refused == 1
    assert ReportRefusal.objects.count() == 1


def test_what_would_be_made_is_counted_by_week(people, monday, week):
    people(3)
    assert reports_due(monday) == {str(week): 3}
    assert reports_due(monday - timedelta(seconds=1)) == {}
    assert reported() == []


def test_the_queries_do_not_grow_with_the_users_who_did_nothing(
    person, sent, monday, django_assert_max_num_queries
):
    sent("Shipped it")
    model = get_user_model()
    model.objects.bulk_create(model(username=f"idle{number}") for number in range(300))
    begun = fan_out_begin(monday)
    with django_assert_max_num_queries(30):
        fan_out_run(begun)
    assert reported() == ["ada"]


def test_a_delivery_that_has_more_to_do_sends_another(people, broker, monkeypatch):
    monkeypatch.setattr(fan_out, "CHUNK", 2)
    monkeypatch.setattr(fan_out, "DELIVERY_SECONDS", 0)
    people(2)
    enqueue_weekly_reports()
    with current_app.connection_for_read() as connection:
        message = connection.SimpleQueue(_queue()).get(timeout=5)
        assert message.headers["task"] == fan_out.FAN_OUT_TASK
        message.ack()
    enqueue_weekly_reports()
    assert FanOut.objects.get().finished_at


def test_fan_outs_and_refusals_are_kept_as_long_as_runs(person):
    old, new = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    for moment in (old, new):
        FanOut.objects.create(moment=moment, finished_at=moment)
        ReportRefusal.objects.create(user=person, week=f"2026-W0{moment.month}", tried_at=moment)
    fan_outs_prune(datetime(2026, 3, 1, tzinfo=UTC))
    assert FanOut.objects.get().moment == new
    assert ReportRefusal.objects.get().tried_at == new


def _queue():
    return current_app.amqp.router.route({}, fan_out.FAN_OUT_TASK)["queue"]
