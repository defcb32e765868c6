"""Moments at which a wall clock in a time zone shows a time. Pure."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta, tzinfo

_SECOND = timedelta(seconds=1)


def first_moment(wall: datetime) -> datetime:
    """The first moment at which a clock in its zone shows a time, or the end of the gap that the
    time is in; in UTC."""
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
