"""What a report is written from: the entries of the week, each once, in its person's days."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from workers.reports import entries
from workers.reports.entries import TooMuch, material_read
from workers.reports.parts import Item
from workers.reports.weeks import week_parse

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(person, week):
    def material(zone="UTC", until=None, **fields):
        return material_read(
            user_id=person.pk,
            week=fields.get("week", week),
            zone=ZoneInfo(zone),
            until=until or timezone.now() + timedelta(days=60),
        )

    return material


def texts(material):
    return [item.text for item in material.entries]


def test_an_entry_without_a_date_is_of_the_day_on_which_it_was_sent_in_the_zone(read, sent, day):
    sent("late", at=day(2, 22))
    (item,) = read().entries
    assert item.date == day(2).date().isoformat()
    (item,) = read("Asia/Tokyo").entries
    assert item.date == day(3).date().isoformat()


def test_the_days_of_a_week_in_which_clocks_change_are_right(read, sent):
    sent("first", at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    sent("second", at=datetime(2026, 10, 25, 22, 59, tzinfo=UTC))
    sent("next", at=datetime(2026, 10, 25, 23, 0, tzinfo=UTC))
    found = read("Europe/Berlin", week=week_parse("2026-W43")).entries
    assert [(item.text, item.date) for item in found] == [
        ("first", "2026-10-25"),
        ("second", "2026-10-25"),
    ]


def test_equal_text_of_one_day_counts_once(read, sent, day):
    today = day(2).date().isoformat()
    sent("x", {"date": today, "text": "x"}, "y")
    sent("x", at=day(2, 15))
    sent("x", at=day(3))
    assert [(i.text, i.date) for i in read().entries] == [
        ("x", today), ("y", today), ("x", day(3).date().isoformat()),
    ]  # fmt: skip


def test_entries_come_by_day_and_then_as_they_were_sent(read, sent, day, week):
    sent("b", "a", at=day(3))
    sent({"date": week.monday.isoformat(), "text": "z"}, at=day(9))
    sent("c", at=day(3, 11))
    assert texts(read()) == ["z", "c", "b", "a"]


def test_entries_of_other_weeks_and_of_other_people_are_left_out(
    read, sent, day, week, django_user_model
):
    sent({"date": (week.sunday + timedelta(days=1)).isoformat(), "text": "next"})
    sent("before", at=day(-1))
    sent("theirs", user=django_user_model.objects.create_user("ben"))
    assert texts(read()) == []


def test_what_came_after_a_moment_is_left_out(read, sent, day):
    sent("first", at=day(1))
    sent("second", at=day(3))
    material = read(until=day(2))
    assert texts(material) == ["first"]
    assert len(material.results) == 1


def test_results_are_those_of_insights_and_analyses_that_succeeded_in_the_week(read, sent, day):
    sent("a", at=day(6, 23, 59), answer="late")
    sent("b", answer="an insight")
    sent("c", answer="an analysis", task_type="TASK_TYPE_DATA_ANALYSIS", at=day(4))
    sent("d", status="failed")
    sent(task_type="TASK_TYPE_TEXT_GENERATION", payload={"prompt": "p"}, answer="no")
    sent("e", task_type="TASK_TYPE_WEEKLY_REPORT", answer="no")
    assert read().results == [
        Item(text="an insight", date=day(2).date().isoformat(), label="insight generation"),
        Item(text="an analysis", date=day(4).date().isoformat(), label="data analysis"),
    ]


def test_more_text_than_the_limit_is_refused_before_it_is_all_read(read, sent, monkeypatch):
    sent("x" * 60, "y" * 60, "z" * 60)
    monkeypatch.setattr(entries, "MOST_BYTES", 180)
    assert len(texts(read())) == 3
    monkeypatch.setattr(entries, "MOST_BYTES", 179)
    with pytest.raises(TooMuch):
        read()


def test_five_thousand_entries_are_read_in_two_queries(
    read, sent, day, django_assert_max_num_queries
):
    for number in range(10):
        sent(*[f"{number} entry {n}" for n in range(500)], at=day(number % 7), status="failed")
    with django_assert_max_num_queries(4):
        material = read()
    assert len(material.entries) == 5000
    assert len(set(texts(material))) == 5000
