"""When a report is due, in every time zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.reports.due import Slot, weeks_due
from workers.reports.spread import offset_of

ZONES = sorted(available_timezones() - {"localtime"})
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

slots = st.builds(
    Slot,
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    weekday=st.integers(1, 7),
    hour=st.integers(0, 23),
)
days = st.dates(date(2000, 1, 3), date(2037, 12, 1))
moments = st.integers(0, 37 * 365 * 86_400).map(
    lambda seconds: datetime(2000, 1, 3, tzinfo=UTC) + timedelta(seconds=seconds)
)


def slot(zone="Europe/Berlin", weekday=1, hour=7):
    return Slot(zone=ZoneInfo(zone), weekday=weekday, hour=hour)


def due(slot, text, days=7):
    now = datetime.fromisoformat(text)
    return [str(each.week) for each in weeks_due(slot, now, catch_up_days=days)]


@pytest.mark.parametrize(
    ("weekday", "now", "weeks"),
    [
        # Until Monday at 07:00 it is the week before that can be made up for.
        (1, "2026-11-23T06:59:59+01:00", ["2026-W46"]),
        (1, "2026-11-23T07:00:00+01:00", ["2026-W47"]),
        (1, "2026-11-29T23:59:00+01:00", ["2026-W47"]),
        # On Wednesday, of the week that ended on Sunday.
        (3, "2026-11-24T12:00:00+01:00", ["2026-W46"]),
        (3, "2026-11-25T07:00:00+01:00", ["2026-W47"]),
        (7, "2026-11-29T06:59:00+01:00", ["2026-W46"]),
        (7, "2026-11-29T07:00:00+01:00", ["2026-W47"]),
    ],
)
def test_a_report_is_of_the_week_before_that_of_its_moment(weekday, now, weeks):
    assert due(slot(weekday=weekday), now) == weeks


def test_a_moment_is_that_of_the_persons_zone():
    now = "2026-11-22T18:00:00+00:00"
    assert due(slot("Pacific/Auckland"), now) == ["2026-W47"]
    assert due(slot("Pacific/Honolulu"), now) == ["2026-W46"]


@pytest.mark.parametrize(
    ("catch_up_days", "weeks"),
    [(1, []), (2, ["2026-W47"]), (8, ["2026-W47"]), (9, ["2026-W46", "2026-W47"])],
)
def test_what_is_too_late_is_not_made_up_for(catch_up_days, weeks):
    assert due(slot(), "2026-11-24T07:00:00+01:00", catch_up_days) == weeks


@pytest.mark.parametrize(
    ("now", "weeks"),
    [
        # That week had an hour less, and this one an hour more.
        ("2026-03-30T06:59:59+02:00", ["2026-W12"]),
        ("2026-03-30T07:00:00+02:00", ["2026-W13"]),
        ("2026-10-26T06:59:59+01:00", ["2026-W42"]),
        ("2026-10-26T07:00:00+01:00", ["2026-W43"]),
    ],
)
def test_until_when_it_is_made_up_for_is_told_by_the_persons_clock(now, weeks):
    assert due(slot(), now, days=7) == weeks


@pytest.mark.parametrize(
    ("zone", "day", "hour", "moment"),
    [
        # 02:00 to 03:00 is left out: the first moment after it.
        ("Europe/Berlin", "2026-03-29", 2, "2026-03-29T03:00:00+02:00"),
        ("America/New_York", "2026-03-08", 2, "2026-03-08T03:00:00-04:00"),
        # Half an hour is left out.
        ("Australia/Lord_Howe", "2026-10-04", 2, "2026-10-04T02:30:00+11:00"),
        # 02:00 comes twice: the first one.
        ("Europe/Berlin", "2026-10-25", 2, "2026-10-25T02:00:00+02:00"),
        ("America/Santiago", "2026-04-04", 23, "2026-04-04T23:00:00-03:00"),
        # There was no 30 December 2011 in Samoa.
        ("Pacific/Apia", "2011-12-30", 7, "2011-12-31T00:00:00+14:00"),
    ],
)
def test_an_hour_that_is_left_out_or_comes_twice_has_one_moment(zone, day, hour, moment):
    found = slot(zone, hour=hour).moment_on(date.fromisoformat(day))
    assert found.astimezone(ZoneInfo(zone)).isoformat() == moment


@given(slot=slots, day=days)
def test_a_moment_is_the_first_that_shows_the_hour_or_what_follows_it(slot, day):
    moment = slot.moment_on(day)
    wall = datetime.combine(day, time(slot.hour))

    def shown(moment):
        return moment.astimezone(slot.zone).replace(tzinfo=None)

    assert shown(moment) >= wall
    assert shown(moment - timedelta(seconds=1)) < wall
    earlier = (moment - minutes * MINUTE for minutes in range(1, 180, 7))
    assert all(shown(each) < wall for each in earlier)


@given(slot=slots, now=moments)
def test_with_seven_days_exactly_one_report_is_due_at_any_moment(slot, now):
    (found,) = weeks_due(slot, now, catch_up_days=7)
    assert found.week.bounds(slot.zone)[1] <= found.moment <= now


@given(slot=slots, now=moments, catch_up_days=st.integers(1, 28))
def test_what_is_due_has_ended_and_is_not_too_late(slot, now, catch_up_days):
    found = weeks_due(slot, now, catch_up_days=catch_up_days)
    assert found == sorted(found, key=lambda each: each.moment)
    for each in found:
        assert each.week.bounds(slot.zone)[1] <= each.moment <= now
        # Samoa's lost day, and a change of the clocks.
        assert now - each.moment < catch_up_days * DAY + 2 * HOUR
    assert len(found) >= catch_up_days // 7


@given(before=slots, after=slots, now=moments)
def test_who_changes_zone_or_weekday_misses_no_week_within_nine_days(before, after, now):
    """What the old settings made until now, and what the new ones make, leave out no week."""
    made = max(each.week for each in weeks_due(before, now, catch_up_days=9))
    next_ones = [each.week for each in weeks_due(after, now, catch_up_days=9)]
    assert min(next_ones) <= made.shifted(1)


@given(user=st.integers(1, 2**63 - 1), minutes=st.integers(0, 1440))
def test_an_offset_is_within_the_spread_and_always_alike(user, minutes):
    spread = minutes * MINUTE
    offset = offset_of(user, "2026-W47", spread)
    assert timedelta() <= offset <= spread
    assert offset == offset_of(user, "2026-W47", spread)


def test_reports_are_spread_evenly():
    counts = [0] * 10
    for user in range(10_000):
        counts[int(offset_of(user, "2026-W47", 10 * MINUTE) / MINUTE)] += 1
    assert 900 < min(counts) <= max(counts) < 1100
