"""Who has something to report: by the date of an entry, else by when it was sent."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from workers.reports.activity import LATEST, wanted_active

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def is_active(wanted):
    return lambda **fields: bool(wanted_active([wanted(**fields)]))


def test_who_did_nothing_has_nothing_to_report(is_active):
    assert not is_active()


@pytest.mark.parametrize("status", ["succeeded", "failed", "queued", "expired"])
def test_an_entry_counts_whatever_became_of_its_run(is_active, sent, status):
    sent("worked", status=status)
    assert is_active()


def test_the_week_begins_and_ends_at_midnight_of_its_zone(is_active, sent, day):
    sent("late on Sunday in Honolulu", at=day(7, 9, 59), status="failed")
    assert is_active(zone="Pacific/Honolulu")
    assert not is_active()
    assert not is_active(zone="Asia/Tokyo")


def test_the_first_moment_belongs_to_a_week_and_that_after_its_last_does_not(is_active, sent, day):
    sent("next", at=day(7, 0), status="failed")
    assert not is_active()
    sent("first", at=day(0, 0), status="failed")
    assert is_active()


def test_the_date_of_an_entry_counts_more_than_when_it_was_sent(is_active, sent, day, week):
    sent({"date": (week.monday - timedelta(days=1)).isoformat(), "text": "x"}, status="failed")
    assert not is_active()
    sent({"date": week.sunday.isoformat(), "text": "x"}, at=day(20), status="failed")
    assert is_active()


def test_entries_are_looked_for_among_what_was_sent_four_weeks_around(is_active, sent, day, week):
    dated = {"date": week.monday.isoformat(), "text": "x"}
    sent(dated, at=day(0, 0) - LATEST - MINUTE, status="failed")
    sent(dated, at=day(7, 0) + LATEST, status="failed")
    assert not is_active()
    sent(dated, at=day(0, 0) - LATEST, status="failed")
    assert is_active()


def test_a_result_of_the_week_counts_although_its_entries_belong_to_another(
    is_active, sent, day, week
):
    early = {"date": (week.monday - timedelta(days=3)).isoformat(), "text": "x"}
    sent(early, at=day(1))
    assert is_active()


def test_only_insights_and_analyses_count_and_neither_parts_nor_reports(is_active, sent):
    sent("x", task_type="TASK_TYPE_WEEKLY_REPORT")
    sent(task_type="TASK_TYPE_TEXT_GENERATION", payload={"prompt": "x"})
    assert not is_active()
    parent = sent("x", task_type="TASK_TYPE_WEEKLY_REPORT")
    sent("x", parent=parent)
    assert not is_active()
    sent("x", task_type="TASK_TYPE_DATA_ANALYSIS")
    assert is_active()


def test_entries_that_were_sent_again_count_when_they_were_sent_first(is_active, sent, day):
    first = sent("x", at=day(-3))
    sent("x", retry_of=first, status="failed")
    assert not is_active()


def test_many_people_are_asked_about_in_one_query(sent, wanted, django_assert_num_queries):
    people = [get_user_model().objects.create_user(f"user{i}") for i in range(5)]
    sent("x", user=people[1])
    sent("x", user=people[3])
    asked = [wanted(user) for user in people]
    with django_assert_num_queries(1):
        assert wanted_active(asked) == [asked[1], asked[3]]


def test_nobody_asked_about_is_nobody_active():
    assert wanted_active([]) == []
