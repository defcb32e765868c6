"""The schedule of the database, kept by the beat that leads."""

import logging
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_celery_beat.models import (
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    PeriodicTasks,
)

from config.beat import scheduler
from config.beat.leadership import Standing
from tests.config.beat.test_leadership import end_session, end_sessions
from tests.workers.waiting import wait_until

pytestmark = pytest.mark.django_db


def missed(name="weekly-reports"):
    """Have an entry be overdue."""
    PeriodicTask.objects.filter(name=name).update(last_run_at=timezone.now() - timedelta(hours=1))
    PeriodicTasks.update_changed()


def test_the_leader_makes_the_entries_that_are_missing(beats):
    assert beats().run() is Standing.LEADS
    stored = PeriodicTask.objects.in_bulk(field_name="name")
    assert stored.keys() == settings.CELERY_BEAT_SCHEDULE.keys()
    tick = stored["weekly-reports"]
    assert str(tick.crontab) == "*/15 * * * * (m/h/dM/MY/d) UTC"
    # Its queue is its route's.
    assert (tick.queue, tick.expire_seconds) == (None, 900)


def test_an_entry_that_is_deleted_is_made_again_without_a_restart(beats, caplog):
    beat = beats()
    beat.run()
    # As the admin did: the task goes with its schedule.
    PeriodicTask.objects.get(name="weekly-reports").crontab.delete()
    beat.run()
    assert not PeriodicTask.objects.filter(name="weekly-reports").exists()
    assert scheduler.COMPLETE_SECONDS < 60
    beat._complete_at = time.monotonic()
    beat.run()
    assert "Made again, as they were deleted: weekly-reports" in caplog.text
    missed()
    beat.run()
    assert beat.sent == ["weekly-reports"]


def test_what_staff_changed_stays_at_the_next_start(beats):
    beats().run()
    task = PeriodicTask.objects.get(name="prune")
    task.enabled = False
    task.description = "not on Sundays"
    task.save()
    again = beats()
    again.leadership.release()
    again.run()
    task.refresh_from_db()
    assert (task.enabled, task.description) == (False, "not on Sundays")


def test_that_a_task_was_sent_changes_nothing_of_what_staff_stated(beats):
    beat = beats()
    beat.run()
    missed()
    before = PeriodicTask.objects.get(name="weekly-reports")
    beat.run()
    with CaptureQueriesContext(connection) as captured:
        beat.sync()
    after = PeriodicTask.objects.get(name="weekly-reports")
    assert after.last_run_at > before.last_run_at
    assert after.date_changed == before.date_changed
    # Nor does it write what it read a moment ago, and somebody may have changed since.
    assert not [query for query in captured if '"description" =' in query["sql"]]


def test_what_staff_disabled_meanwhile_begins_anew_when_they_enable_it(beats):
    beat = beats()
    beat.run()
    sent = next(beat.schedule["prune"])
    PeriodicTask.objects.filter(name="prune").update(enabled=False, last_run_at=None)
    sent.save()
    assert PeriodicTask.objects.get(name="prune").last_run_at is None


def test_who_follows_sends_and_writes_nothing(beats):
    leader, follower = beats(), beats()
    assert leader.run() is Standing.LEADS
    PeriodicTask.objects.all().delete()
    assert follower.run() is Standing.FOLLOWS
    assert not PeriodicTask.objects.exists()
    assert (leader.sent, follower.sent) == ([], [])


def test_what_is_due_is_sent_once_by_two_beats(beats):
    leader, follower = beats(), beats()
    leader.run()
    missed()
    for beat in (follower, leader, follower, leader):
        beat.run()
    assert (leader.sent, follower.sent) == (["weekly-reports"], [])


def test_what_was_missed_while_no_beat_ran_is_sent_when_one_does(beats):
    beats().run()
    # Hours away from its own: django-celery-beat would not even read it.
    moment = timezone.now() - timedelta(hours=12)
    CrontabSchedule.objects.filter(minute="37").update(hour=str(moment.hour), timezone="UTC")
    last = timezone.now() - timedelta(days=2)
    PeriodicTask.objects.filter(name="prune").update(last_run_at=last)
    later = beats()
    wait_until(lambda: later.run() is Standing.FOLLOWS)
    end_sessions()
    wait_until(lambda: later.run() is Standing.LEADS)
    assert later.sent == ["prune"]


def test_who_takes_over_knows_what_was_sent(beats):
    leader, follower = beats(), beats()
    leader.run()
    missed()
    leader.run()
    leader.sync()
    # As a kill does: nothing is closed in order.
    end_sessions()
    wait_until(lambda: follower.run() is Standing.LEADS)
    assert (leader.sent, follower.sent) == (["weekly-reports"], [])
    missed()
    follower.run()
    assert leader.run() is not Standing.LEADS
    assert (leader.sent, follower.sent) == (["weekly-reports"], ["weekly-reports"])


def test_standing_is_told_in_the_log_once(beats, caplog):
    caplog.set_level(logging.INFO, logger=scheduler.__name__)
    leader, follower = beats(), beats()
    for beat in (leader, follower, leader, follower):
        beat.run()
    assert [record.getMessage() for record in caplog.records] == [
        "This beat leads.",
        "Another beat leads; this one waits.",
    ]


def test_a_beat_that_stops_makes_way(beats):
    leader, follower = beats(), beats()
    leader.run()
    leader.close()
    wait_until(lambda: follower.run() is Standing.LEADS)


def test_who_stalls_between_its_look_and_its_message_sends_nothing(beats, monkeypatch):
    beat = beats()
    beat.run()
    missed()
    monkeypatch.setattr(type(beat.leadership), "held", False)
    beat.apply_entry(beat.schedule["weekly-reports"])
    assert beat.sent == []


def test_a_database_that_goes_away_in_the_middle_stops_nothing(beats, monkeypatch):
    beat = beats()
    beat.run()

    def away(*_):
        raise OperationalError("away")

    with monkeypatch.context() as patch:
        patch.setattr(beat, "all_as_schedule", away)
        beat._forget()
        assert beat.run() is Standing.ALONE
    assert beat.run() is Standing.LEADS


@pytest.mark.django_db(transaction=True)
def test_a_database_that_restarted_is_asked_by_a_new_connection(beats):
    beat = beats()
    beat.run()
    PeriodicTask.objects.all().delete()
    end_sessions()
    end_session(connection.connection.info.backend_pid)
    wait_until(lambda: beat.run() is not Standing.LEADS)
    wait_until(lambda: beat.run() is Standing.LEADS)
    assert PeriodicTask.objects.count() == len(settings.CELERY_BEAT_SCHEDULE)


def test_a_clock_that_was_ahead_for_a_while_leaves_nothing_behind(beats):
    beat = beats()
    beat.run()
    ahead = timezone.now() + timedelta(days=7)
    PeriodicTask.objects.filter(name="weekly-reports").update(last_run_at=ahead)
    PeriodicTasks.update_changed()
    beat.run()
    (when,) = [at for at, _priority, entry in beat._heap if entry.name == "weekly-reports"]
    assert when < time.time() + 15 * 60 + 1


@pytest.mark.parametrize("reads_anew", [True, False])
def test_after_a_clock_that_was_ahead_tasks_go_on(beats, reads_anew):
    beat = beats()
    beat.run()
    second = IntervalSchedule.objects.create(every=1, period="seconds")
    ahead = timezone.now() + timedelta(days=7)
    PeriodicTask.objects.filter(name="prune").update(
        crontab=None, interval=second, last_run_at=ahead
    )
    PeriodicTasks.update_changed()
    for sent in (1, 2):
        wait_until(lambda sent=sent: beat.run() and beat.sent.count("prune") >= sent)
        if reads_anew:
            beat._forget()


def test_a_clock_that_is_set_has_the_schedule_read_anew(beats, monkeypatch):
    beat = beats()
    beat.run()
    monkeypatch.setattr(scheduler, "_clock_offset", lambda: time.time() - time.monotonic() + 3600)
    read = []
    monkeypatch.setattr(beat, "all_as_schedule", lambda: read.append(1) or {})
    beat.run()
    beat.run()
    assert read == [1]
