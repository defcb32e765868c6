"""When a report is due. Pure.

Whoever wants the report on Monday at 07:00 gets it at the first moment at which a clock in their
zone shows that, or, where that hour is left out, at the first moment after it. It is of the week
before the one that the moment's date is in. What was missed is made up for until so many days later
by the same clock as the caller says.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from workers.reports.weeks import Week, week_of

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Slot:
    """When somebody wants the report."""

    zone: ZoneInfo
    #: As ISO 8601 numbers days, from 1 for Monday.
    weekday: int
    hour: int

    def moment_on(self, day: date) -> datetime:
        """When the slot's hour begins on a day, in UTC."""
        wall = datetime(day.year, day.month, day.day, self.hour, tzinfo=self.zone)
        return _first_moment(wall)


@dataclass(frozen=True, kw_only=True)
class Due:
    """A report that a slot asks for: of which week, since when."""

    week: Week
    moment: datetime


def weeks_due(slot: Slot, now: datetime, *, catch_up_days: int) -> list[Due]:
    """What is due at a moment and not too late yet, the oldest first."""
    current = week_of(now, slot.zone)
    found = []
    # The last of them may be in the week to come where clocks go back over midnight.
    for shift in range(-(catch_up_days // 7 + 1), 2):
        week = current.shifted(shift)
        day = week.monday + timedelta(days=slot.weekday - 1)
        moment = slot.moment_on(day)
        if moment <= now < slot.moment_on(day + timedelta(days=catch_up_days)):
            found.append(Due(week=week.shifted(-1), moment=moment))
    return found


def _first_moment(wall: datetime) -> datetime:
    """The first moment at which a clock shows a time, or the end of the gap that the time is in."""
    zone, shown = wall.tzinfo, wall.replace(tzinfo=None)
    moment = wall.astimezone(UTC)
    if _shown(moment, zone) == shown:
        return moment
    # In a gap the first reading of a time lies behind the change, the second before it.
    before = wall.replace(fold=1).astimezone(UTC)
    seconds = range(int((moment - before).total_seconds()) + 1)
    place = bisect_left(seconds, shown, key=lambda s: _shown(before + s * _SECOND, zone))
    return before + seconds[place] * _SECOND


def _shown(moment: datetime, zone: tzinfo | None) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)
