"""Weeks as ISO 8601 counts them, and when they begin and end in a time zone. Pure.

A week lasts from the first moment of its Monday to that of the next one, in a person's zone; as
moments in UTC it has 168 hours, or what a change of the clocks makes of them. The weeks of one zone
follow each other without a gap: every moment is in exactly one.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from llmconfig.values.messages import Message, gettext_noop
from workers.reports.clocks import first_moment

_NAME = re.compile(r"([0-9]{4})-W([0-9]{2})", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1970, 9998


class NoSuchWeek(Exception):
    """What names no week; ``message`` says why."""

    def __init__(self, text: str, **params: object) -> None:
        self.message = Message(text, params)
        super().__init__(str(self.message))


@dataclass(frozen=True, order=True)
class Week:
    """One ISO week; ``str`` is its name, ``2026-W47``."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02d}"

    @property
    def monday(self) -> date:
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def sunday(self) -> date:
        return date.fromisocalendar(self.year, self.number, 7)

    def shifted(self, weeks: int) -> "Week":
        """The week so many later, or earlier."""
        return _week_of_date(self.monday + timedelta(weeks=weeks))

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Its first moment and the next week's, in UTC."""
        return _midnight(self.monday, zone), _midnight(self.shifted(1).monday, zone)

    def midnights(self, zone: ZoneInfo) -> list[datetime]:
        """The first moments of its seven days, in UTC."""
        days = (self.monday + timedelta(days=number) for number in range(7))
        return [_midnight(day, zone) for day in days]


def week_parse(text: str) -> Week:
    """The week of a name. Raises ``NoSuchWeek``."""
    if (match := _NAME.fullmatch(text)) is None:
        text = gettext_noop("A week is written as ISO 8601 does, for example 2026-W47.")
        raise NoSuchWeek(text)
    year, number = map(int, match.groups())
    if not FIRST_YEAR <= year <= LAST_YEAR:
        text = gettext_noop("The year of a week is from %(first)s to %(last)s.")
        raise NoSuchWeek(text, first=FIRST_YEAR, last=LAST_YEAR)
    try:
        date.fromisocalendar(year, number, 1)
    except ValueError:
        text = gettext_noop("The year %(year)s has no week %(week)s.")
        raise NoSuchWeek(text, year=year, week=number) from None
    return Week(year, number)


def week_of(moment: datetime, zone: ZoneInfo) -> Week:
    """The week that a moment is in."""
    week = _week_of_date(_date(moment, zone))
    start, end = week.bounds(zone)
    # Where clocks go back over midnight, a moment after it bears the date before it.
    return week.shifted((moment >= end) - (moment < start))


def week_last_ended(moment: datetime, zone: ZoneInfo) -> Week:
    """The latest week that has ended at a moment."""
    return week_of(moment, zone).shifted(-1)


def _week_of_date(day: date) -> Week:
    year, number, _weekday = day.isocalendar()
    return Week(year, number)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first one where clocks go back over it, or the end of the gap it is in."""
    return first_moment(datetime(day.year, day.month, day.day, tzinfo=zone))


def _date(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()
