"""Ended runs are kept for a while, open ones for ever."""

from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.workers.waiting import wait_until
from workers.models import Attempt, KeptAnswer, TaskRun
from workers.process import retention
from workers.process.retention import runs_prunable, runs_prune
from workers.reports.models import FanOut
from workers.tasks import prune as beats_prune

pytestmark = pytest.mark.django_db


def ago(days):
    return timezone.now() - timedelta(days=days)


def run(days, status="succeeded", **fields):
    """A run that ended, or was accepted if it is open, so many days ago."""
    final = status in ("succeeded", "failed", "cancelled", "expired")
    made = TaskRun.objects.create(
        task_type="TASK_TYPE_TEXT_GENERATION",
        queue="llm.text_generation",
        payload={"prompt": "x"},
        llm_config={},
        status=status,
        deadline=ago(days),
        created_at=ago(days),
        finished_at=ago(days) if final else None,
        result={},
        **fields,
    )
    Attempt.objects.create(
        run=made, number=1, model="m", host="h", outcome="succeeded", started_at=ago(days),
        duration_ms=1,
    )  # fmt: skip
    return made


def left():
    return set(TaskRun.objects.values_list("pk", flat=True))


def prune(*options):
    out = StringIO()
    call_command("prune", *options, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled", "expired"])
def test_what_ended_long_ago_goes_with_its_attempts(status):
    old, young = run(91, status), run(89, status)
    assert "1 run that ended" in prune()
    assert left() == {young.pk}
    assert not Attempt.objects.filter(run=old.pk).exists()
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize("status", ["pending", "queued", "retrying"])
def test_an_open_run_is_never_deleted(status):
    waiting = run(5000, status)
    prune("--days", "0")
    assert left() == {waiting.pk}


def test_a_long_run_counts_from_its_end():
    run(100)
    TaskRun.objects.update(finished_at=ago(1))
    assert runs_prune(ago(90)) == 0


def test_a_dry_run_counts_and_deletes_nothing():
    run(91), run(92)
    assert "2 runs that ended" in prune("--dry-run")
    assert len(left()) == 2


def test_more_than_one_batch_is_deleted(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    parent = run(100)
    for _ in range(4):
        run(100, parent=parent)
    assert runs_prunable(ago(90)) == 5
    assert runs_prune(ago(90)) == 5
    assert not left()


def test_a_parent_stays_while_a_child_is_open_or_young():
    parent, other = run(100), run(100)
    child, young = run(100, "retrying", parent=parent), run(1, parent=other)
    assert runs_prunable(ago(90)) == 0
    assert runs_prune(ago(90)) == 0
    assert left() == {parent.pk, other.pk, child.pk, young.pk}


def test_a_retry_outlives_the_run_that_it_repeats():
    again = run(1, retry_of=run(100))
    assert runs_prune(ago(90)) == 1
    again.refresh_from_db()
    assert again.retry_of is None


def test_a_weekly_report_is_kept_until_it_cannot_be_made_again():
    kept = run(10, idempotency_key="weekly-report:1:2026-W47")
    run(20, idempotency_key="weekly-report:1:2026-W46")
    assert runs_prune(ago(1)) == 1
    assert left() == {kept.pk}


@pytest.mark.parametrize("days", ["-1", "40000"])
def test_impossible_days_are_refused_in_words(days):
    with pytest.raises(CommandError, match="accepted: 0 to 36500"):
        prune(f"--days={days}")


def test_beat_asks_for_it_every_day(transactional_db, celery_worker, broker):
    old, young = run(91), run(1)
    entry = django_settings.CELERY_BEAT_SCHEDULE["prune"]
    broker.send_task(entry["task"])
    wait_until(lambda: left() == {young.pk})
    assert old.pk not in left()
    assert entry["schedule"].hour == {3}


@pytest.mark.parametrize("by_beat", [False, True])
def test_what_is_kept_beside_runs_goes_by_beat_and_by_hand(by_beat):
    KeptAnswer.objects.create(key="old", request_hash="", body={}, created_at=ago(2))
    KeptAnswer.objects.create(key="young", request_hash="", body={})
    FanOut.objects.create(moment=ago(91), finished_at=ago(91))
    Session.objects.create(session_key="old", expire_date=ago(1))
    Session.objects.create(session_key="young", expire_date=ago(-1))
    prune("--dry-run")
    assert [each.objects.count() for each in (KeptAnswer, FanOut, Session)] == [2, 1, 2]
    beats_prune() if by_beat else prune()
    assert (KeptAnswer.objects.get().key, FanOut.objects.exists()) == ("young", False)
    assert Session.objects.get().session_key == "young"


def test_a_users_runs_go_with_the_user(person):
    run(1, user=person)
    person.delete()
    assert not left()
