"""Weeks in every time zone: no moment is lost, none counts twice."""

import struct
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.reports.weeks import NoSuchWeek, week_last_ended, week_of, week_parse

ZONES = sorted(available_timezones() - {"localtime"})
zones = st.sampled_from(ZONES).map(ZoneInfo)
EARLIEST, LATEST = date(1971, 1, 4), date(2060, 1, 1)
moments = st.integers(0, (LATEST - EARLIEST).days * 86_400).map(
    lambda seconds: datetime(1971, 1, 4, tzinfo=UTC) + timedelta(seconds=seconds)
)
weeks = moments.map(lambda moment: week_of(moment, ZoneInfo("UTC")))
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("moment", "zone", "name"),
    [
        ("2026-11-22T23:30+00:00", "UTC", "2026-W47"),
        ("2026-11-22T23:30+00:00", "Europe/Berlin", "2026-W48"),
        ("2026-11-23T04:30+00:00", "America/New_York", "2026-W47"),
        # ISO weeks belong to the year of their Thursday.
        ("2027-01-01T12:00+00:00", "UTC", "2026-W53"),
        ("2024-12-30T12:00+00:00", "UTC", "2025-W01"),
    ],
)
def test_a_moment_is_in_the_week_of_its_zone(moment, zone, name):
    assert str(week_of(datetime.fromisoformat(moment), ZoneInfo(zone))) == name


@pytest.mark.parametrize(
    ("week", "zone", "hours"),
    [
        ("2026-W13", "Europe/Berlin", 167),
        ("2026-W43", "Europe/Berlin", 169),
        ("2026-W40", "Australia/Lord_Howe", 167.5),
        # Samoa had no 30 December 2011.
        ("2011-W52", "Pacific/Apia", 144),
    ],
)
def test_a_week_is_as_long_as_its_clocks_make_it(week, zone, hours):
    start, end = week_parse(week).bounds(ZoneInfo(zone))
    assert (end - start) / timedelta(hours=1) == hours


@pytest.mark.parametrize(
    ("monday", "zone", "first"),
    [
        ("2021-03-22", "Asia/Tehran", "2021-03-22T01:00:00+04:30"),
        ("1984-10-01", "America/Paramaribo", "1984-10-01T00:30:00-03:00"),
        # Midnight came twice: the first one counts.
        ("2001-09-24", "Asia/Jerusalem", "2001-09-24T00:00:00+03:00"),
    ],
)
def test_a_week_begins_where_midnight_is_missing_or_comes_twice(monday, zone, first):
    zone = ZoneInfo(zone)
    start, _end = week_of(datetime.fromisoformat(f"{monday}T12:00Z"), zone).bounds(zone)
    assert start.astimezone(zone).isoformat() == first


def zone_of(rule):
    """A zone that goes by a rule, as POSIX writes them."""
    types = struct.pack(">4sc15x6llbb4s", b"TZif", b"2", 0, 0, 0, 0, 1, 4, 0, 0, 0, b"STD")
    return ZoneInfo.from_file(BytesIO(types + types + f"\n{rule}\n".encode()), key="Made/Up")


@pytest.mark.parametrize(
    ("moment", "shown", "name"),
    [
        ("2026-11-22T22:59:59+00:00", "2026-11-22T23:59:59+01:00", "2026-W47"),
        ("2026-11-22T23:00:00+00:00", "2026-11-23T00:00:00+01:00", "2026-W48"),
        ("2026-11-22T23:30:00+00:00", "2026-11-22T23:30:00+00:00", "2026-W48"),
    ],
)
def test_a_week_that_began_goes_on_where_clocks_go_back_over_its_midnight(moment, shown, name):
    # On the fourth Monday of November, from 00:30 to 23:30 on Sunday.
    zone = zone_of("STD0DST-1,M3.5.0/2,M11.4.1/0:30")
    moment = datetime.fromisoformat(moment)
    assert moment.astimezone(zone).isoformat() == shown
    assert str(week_of(moment, zone)) == name


@given(moment=moments, zone=zones)
def test_every_moment_is_in_the_week_that_it_is_said_to_be_in(moment, zone):
    start, end = week_of(moment, zone).bounds(zone)
    assert start <= moment < end


@given(week=weeks, zone=zones)
def test_weeks_follow_each_other_without_a_gap(week, zone):
    start, end = week.bounds(zone)
    assert week.shifted(1).bounds(zone)[0] == end
    assert week_of(start, zone) == week_of(end - SECOND, zone) == week
    assert week_of(start - SECOND, zone) == week.shifted(-1)
    assert timedelta(days=6) <= end - start <= timedelta(days=8, hours=1)


@given(week=weeks, zone=zones)
def test_a_week_begins_on_its_monday_and_not_a_second_later_than_it_could(week, zone):
    start, _end = week.bounds(zone)
    assert start.astimezone(zone).date() == week.monday
    assert (start - SECOND).astimezone(zone).date() < week.monday


@given(moment=moments, zone=zones)
def test_the_last_ended_week_has_ended_and_the_next_one_has_not(moment, zone):
    week = week_last_ended(moment, zone)
    assert week.bounds(zone)[1] <= moment < week.shifted(1).bounds(zone)[1]


@given(week=weeks)
def test_a_name_is_read_as_it_is_written(week):
    assert week_parse(str(week)) == week


@pytest.mark.parametrize(
    "text",
    ["2026-W54", "2027-W53", "2026-W00", "2026-47", "2026W47", "26-W47", "2026-W7", "", "1969-W01",
     "9999-W01", "2026-W47\n", " 2026-W47", "２０２６-W47", "2026-w47"],
)  # fmt: skip
def test_what_names_no_week_is_refused(text):
    with pytest.raises(NoSuchWeek):
        week_parse(text)


def test_the_days_of_a_week_are_its_monday_and_sunday():
    week = week_parse("2026-W47")
    assert (week.monday, week.sunday) == (date(2026, 11, 16), date(2026, 11, 22))
