"""Selection of the users whose report is due: one pass, page after page.

Users with equal time zone, weekday and hour are due alike; what is due is computed once for each
such slot. The database leaves out whoever has the report, whoever was refused lately and, by one
look into the index of their runs, whoever has done nothing for weeks: most users, who cost no more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection

from workers.reports.activity import LATEST, source_types
from workers.reports.due import Slot, weeks_due
from workers.reports.models import ReportRefusal, ReportSettings, Weekday, WeeklyReport
from workers.reports.people import places_of, zone_named
from workers.reports.wanted import Wanted
from workers.reports.weeks import Week, week_parse
from workers.runs.models import TaskRun

#: A refused report is tried again after so long.
REFUSED_FOR = timedelta(hours=6)

#: Time zone as it is stored, weekday and hour of who has no settings.
DEFAULT_SLOT = ("", int(Weekday.MONDAY), 7)


@dataclass(frozen=True, kw_only=True)
class SlotDue:
    """One slot's report: whoever has these settings is due."""

    time_zone: str
    weekday: int
    hour: int
    week: Week
    #: Runs from then on may have to do with the week.
    since: datetime


_CANDIDATES = """
SELECT account.id, slot.week
FROM unnest(%(users)s::bigint[]) AS account(id)
LEFT JOIN {settings} AS stated ON stated.user_id = account.id
JOIN unnest(%(zones)s::text[], %(weekdays)s::int[], %(hours)s::int[], %(weeks)s::text[],
            %(since)s::timestamptz[])
     AS slot(time_zone, weekday, hour, week, since)
  ON slot.time_zone = COALESCE(stated.time_zone, %(zone)s)
 AND slot.weekday = COALESCE(stated.weekday, %(weekday)s)
 AND slot.hour = COALESCE(stated.hour, %(hour)s)
WHERE COALESCE(stated.enabled, true)
  AND NOT EXISTS (
      SELECT FROM {reports} AS report
      WHERE report.user_id = account.id AND report.week = slot.week)
  AND NOT EXISTS (
      SELECT FROM {refusals} AS refusal
      WHERE refusal.user_id = account.id AND refusal.week = slot.week
        AND refusal.tried_at > %(tried)s)
  AND EXISTS (
      SELECT FROM {runs} AS run
      WHERE run.user_id = account.id AND run.created_at >= slot.since
        AND run.task_type = ANY(%(types)s))
ORDER BY account.id, slot.week
"""


def users_after(user_id: int, limit: int) -> list[int]:
    """The numbers of the next active users."""
    users = get_user_model()._default_manager.filter(is_active=True, pk__gt=user_id)
    return list(users.order_by("pk").values_list("pk", flat=True)[:limit])


def slots_due(now: datetime) -> list[SlotDue]:
    """What is due at a moment, for each slot that anybody has."""
    stated = ReportSettings.objects.filter(enabled=True).order_by().distinct()
    found = {DEFAULT_SLOT, *stated.values_list("time_zone", "weekday", "hour")}
    return [due for slot in sorted(found) for due in _slot_due(*slot, now)]


def wanted_due(slots: Sequence[SlotDue], users: Sequence[int], now: datetime) -> list[Wanted]:
    """The reports of these users that may be due, in order of users and weeks."""
    if not (slots and users):
        return []
    with connection.cursor() as cursor:
        cursor.execute(_statement(), _parameters(slots, users, now))
        found = cursor.fetchall()
    places = places_of({user_id for user_id, _week in found})
    return [
        Wanted(user_id=user_id, week=week_parse(week), place=places[user_id])
        for user_id, week in found
    ]


def _slot_due(time_zone: str, weekday: int, hour: int, now: datetime) -> Iterator[SlotDue]:
    slot = Slot(zone=zone_named(time_zone), weekday=weekday, hour=hour)
    for due in weeks_due(slot, now, catch_up_days=settings.REPORT_CATCH_UP_DAYS):
        starts_at, _ends_at = due.week.bounds(slot.zone)
        yield SlotDue(
            time_zone=time_zone,
            weekday=weekday,
            hour=hour,
            week=due.week,
            since=starts_at - LATEST,
        )


def _statement() -> str:
    return _CANDIDATES.format(
        settings=ReportSettings._meta.db_table,
        reports=WeeklyReport._meta.db_table,
        refusals=ReportRefusal._meta.db_table,
        runs=TaskRun._meta.db_table,
    )


def _parameters(slots: Sequence[SlotDue], users: Sequence[int], now: datetime) -> dict[str, Any]:
    zone, weekday, hour = DEFAULT_SLOT
    return {
        "users": users,
        "zones": [slot.time_zone for slot in slots],
        "weekdays": [slot.weekday for slot in slots],
        "hours": [slot.hour for slot in slots],
        "weeks": [str(slot.week) for slot in slots],
        "since": [slot.since for slot in slots],
        "zone": zone,
        "weekday": weekday,
        "hour": hour,
        "tried": now - REFUSED_FOR,
        "types": source_types(),
    }
