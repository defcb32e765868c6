"""Weekly reports: once per person and ISO week, from the week's own entries."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model

from workers.enqueue import enqueue
from workers.models import TaskRun
from workers.reports.hourly import last_week, weekly_reports_enqueue

MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.fixture
def entry(person, ollama, broker):
    def send(text, moment, user=person):
        run = enqueue(
            task_type="TASK_TYPE_INSIGHT_GENERATION",
            payload={"entries": [text]},
            user_id=user.pk,
        )
        TaskRun.objects.filter(pk=run.pk).update(created_at=moment)

    return send


def reports():
    return TaskRun.objects.filter(task_type="TASK_TYPE_WEEKLY_REPORT")


@pytest.mark.parametrize(
    ("moment", "name", "start"),
    [
        (datetime(2026, 11, 23, tzinfo=UTC), "2026-W47", datetime(2026, 11, 16, tzinfo=UTC)),
        (datetime(2026, 11, 22, 23, tzinfo=UTC), "2026-W46", datetime(2026, 11, 9, tzinfo=UTC)),
        # ISO weeks belong to the year of their Thursday.
        (datetime(2027, 1, 4, tzinfo=UTC), "2026-W53", datetime(2026, 12, 28, tzinfo=UTC)),
    ],
)
def test_the_last_week_is_the_last_complete_iso_week(moment, name, start):
    assert last_week(moment)[:2] == (name, start)


def test_a_report_holds_the_entries_of_the_week_and_no_others(entry):
    entry("before", datetime(2026, 11, 15, 23, 59, tzinfo=UTC))
    entry("monday", datetime(2026, 11, 16, tzinfo=UTC))
    entry("sunday", datetime(2026, 11, 22, 23, 59, tzinfo=UTC))
    entry("after", datetime(2026, 11, 23, tzinfo=UTC))
    assert weekly_reports_enqueue(MONDAY) == 1
    report = reports().get()
    assert [e["text"] for e in report.payload["entries"]] == ["monday", "sunday"]
    assert (report.priority, report.queue) == ("low", "llm.weekly_report.low")
    assert report.llm_config["model"] == "ok:7b"


def test_asking_again_makes_no_second_report(entry):
    entry("monday", datetime(2026, 11, 16, tzinfo=UTC))
    assert weekly_reports_enqueue(MONDAY) == 1
    assert weekly_reports_enqueue(MONDAY) == 0
    assert reports().count() == 1


def test_each_person_gets_a_report_of_their_own(entry, person):
    other = get_user_model().objects.create_user("ben")
    entry("mine", datetime(2026, 11, 17, tzinfo=UTC))
    entry("theirs", datetime(2026, 11, 17, tzinfo=UTC), other)
    assert weekly_reports_enqueue(MONDAY) == 2
    assert {r.user_id for r in reports()} == {person.pk, other.pk}


def test_who_is_inactive_or_wrote_nothing_gets_none(entry, person):
    entry("monday", datetime(2026, 11, 16, tzinfo=UTC))
    get_user_model().objects.update(is_active=False)
    assert weekly_reports_enqueue(MONDAY) == 0


def test_who_wrote_more_than_a_payload_holds_gets_a_report_of_the_newest(entry):
    for day in (16, 17, 18):
        entry(str(day) * 50_000, datetime(2026, 11, day, tzinfo=UTC))
    assert weekly_reports_enqueue(MONDAY) == 1
    texts = [e["text"][:2] for e in reports().get().payload["entries"]]
    assert texts == ["17", "18"]
