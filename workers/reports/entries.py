"""Material of a report: the week's entries and results.

An entry belongs to its own date, else to the day on which it was sent, in the person's zone; equal
text of one day counts once. Beside them stand the insights and analyses that succeeded in the week.
`workers.reports.activity` says which runs are looked at. What was sent after the report was asked
for is left out, so that every try reads the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F
from django.db.models.fields.json import KT

from workers.reports.activity import LATEST, source_types
from workers.reports.parts import Item, size
from workers.reports.weeks import Week
from workers.runs.models import TaskRun
from workers.runs.states import Status
from workers.task_types.names import PREFIX

#: A week of more text than this, in bytes, is not reported: it would take hundreds of parts.
MOST_BYTES = 4 * 1024 * 1024

_ENTRIES = """
WITH sent AS (
    SELECT COALESCE(entry ->> 'date', to_char(
               %(monday)s::date + width_bucket(run.created_at, %(midnights)s::timestamptz[]) - 1,
               'YYYY-MM-DD')) AS day,
           entry ->> 'text' AS text, run.created_at, run.id, place
    FROM {runs} AS run
    CROSS JOIN jsonb_array_elements(run.payload -> 'entries')
        WITH ORDINALITY AS listed(entry, place)
    WHERE run.user_id = %(user)s
      AND run.created_at >= %(earliest)s AND run.created_at < %(latest)s
      AND run.task_type = ANY(%(types)s)
      AND run.parent_id IS NULL AND run.retry_of_id IS NULL
      AND CASE WHEN entry ->> 'date' IS NULL
          THEN run.created_at >= %(starts)s AND run.created_at < %(ends)s
          ELSE entry ->> 'date' BETWEEN %(monday)s::text AND %(sunday)s::text END
), once AS (
    SELECT DISTINCT ON (day, text COLLATE "C") * FROM sent
    ORDER BY day, text COLLATE "C", created_at, id, place
), counted AS (
    SELECT day, text, created_at, id, place, sum(octet_length(text)) OVER (
        ORDER BY day, created_at, id, place ROWS UNBOUNDED PRECEDING) - octet_length(text) AS before
    FROM once
)
SELECT day, text FROM counted WHERE before <= %(most)s ORDER BY day, created_at, id, place
"""


class TooMuch(Exception):
    """The week has more text than ``MOST_BYTES``."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a report is written from."""

    entries: list[Item]
    #: Insights and analyses.
    results: list[Item]

    @property
    def items(self) -> list[Item]:
        """In the order of their days, entries first."""
        return sorted([*self.entries, *self.results], key=lambda item: item.date)


def material_read(*, user_id: int, week: Week, zone: ZoneInfo, until: datetime) -> Material:
    """The material of a week that was there at a moment. Raises ``TooMuch``."""
    entries = _bounded(_entries(user_id, week, zone, until))
    return Material(entries=entries, results=_bounded(_results(user_id, week, zone, until)))


def _entries(user_id: int, week: Week, zone: ZoneInfo, until: datetime) -> Iterator[Item]:
    starts, ends = week.bounds(zone)
    parameters: dict[str, Any] = {
        "user": user_id,
        "monday": week.monday.isoformat(),
        "sunday": week.sunday.isoformat(),
        "midnights": week.midnights(zone),
        "starts": starts,
        "ends": ends,
        "earliest": starts - LATEST,
        "latest": min(ends + LATEST, until),
        "types": source_types(),
        "most": MOST_BYTES,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES.format(runs=TaskRun._meta.db_table), parameters)
        for day, text in cursor:
            yield Item(text=text or "", date=day)


def _results(user_id: int, week: Week, zone: ZoneInfo, until: datetime) -> Iterator[Item]:
    starts, ends = week.bounds(zone)
    answered = TaskRun.objects.filter(
        user=user_id,
        task_type__in=source_types(),
        parent=None,
        status=Status.SUCCEEDED,
        created_at__gte=starts - LATEST,
        created_at__lt=min(ends, until),
        finished_at__gte=starts,
        finished_at__lt=ends,
    ).order_by("finished_at", "pk")
    told = answered.annotate(content=KT("result__content"))
    for task_type, finished_at, content in told.values_list(
        "task_type", "finished_at", F("content")
    ).iterator(chunk_size=500):
        day = finished_at.astimezone(zone).date().isoformat()
        yield Item(text=content or "", date=day, label=_label(task_type))


def _label(task_type: str) -> str:
    return task_type.removeprefix(PREFIX).lower().replace("_", " ")


def _bounded(items: Iterator[Item]) -> list[Item]:
    kept, room = [], MOST_BYTES
    for item in items:
        room -= size(item.text)
        if room < 0:
            raise TooMuch
        if item.text.strip():
            kept.append(item)
    return kept
