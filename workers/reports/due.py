"""When a report is due. Pure.

Whoever wants the report on Monday at 07:00 gets it at the first moment at which a clock in their
zone shows that, or, where that hour is left out, at the first moment after it. It is of the week
before the one that the moment's date is in. What was missed is made up for until so many days later
by the same clock as the caller says.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from workers.reports.clocks import first_moment
from workers.reports.weeks import Week, week_of


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
        return first_moment(wall)


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
