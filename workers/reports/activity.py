"""Users with entries in a week.

What counts as activity is what a report is written from: an entry that belongs to the week, or an
insight or analysis that succeeded in it. An entry belongs to its own date, else to the moment at
which it was sent. It is looked for among what was sent from ``LATEST`` before the week to as long
after it.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection

from workers import task_types
from workers.reports import REPORT_TYPE
from workers.reports.wanted import Wanted
from workers.runs.models import TaskRun
from workers.task_types.payloads import EntriesPayload

#: How long before or after its week an entry may be sent, and how long before its end a run begin.
LATEST = timedelta(weeks=4)

_ACTIVE = """
SELECT wanted.place
FROM unnest(%(users)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[],
            %(mondays)s::text[], %(sundays)s::text[])
     WITH ORDINALITY AS wanted(user_id, starts_at, ends_at, monday, sunday, place)
WHERE EXISTS (
    SELECT FROM {runs} AS run
    WHERE run.user_id = wanted.user_id
      AND run.created_at >= wanted.starts_at - %(latest)s
      AND run.created_at < wanted.ends_at + %(latest)s
      AND run.task_type = ANY(%(types)s)
      AND run.parent_id IS NULL
      AND (
          (run.status = 'succeeded'
           AND run.finished_at >= wanted.starts_at AND run.finished_at < wanted.ends_at)
          OR (run.retry_of_id IS NULL AND EXISTS (
              SELECT FROM jsonb_array_elements(run.payload -> 'entries') AS entry
              WHERE CASE WHEN entry ->> 'date' IS NULL
                    THEN run.created_at >= wanted.starts_at AND run.created_at < wanted.ends_at
                    ELSE entry ->> 'date' BETWEEN wanted.monday AND wanted.sunday END))
      )
)
"""


def source_types() -> list[str]:
    """The task types whose entries and results a report is written from."""
    return [
        kind.name
        for kind in task_types.registered()
        if issubclass(kind.payload, EntriesPayload) and kind.name != REPORT_TYPE
    ]


def wanted_active(wanted: Sequence[Wanted]) -> list[Wanted]:
    """Those of the reports that there is something to write in; one query, however many."""
    parameters = {**_columns(wanted), "types": source_types(), "latest": LATEST}
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVE.format(runs=TaskRun._meta.db_table), parameters)
        places = {place for (place,) in cursor.fetchall()}
    return [each for place, each in enumerate(wanted, start=1) if place in places]


def _columns(wanted: Sequence[Wanted]) -> dict[str, Any]:
    return {
        "users": [each.user_id for each in wanted],
        "starts": [each.bounds[0] for each in wanted],
        "ends": [each.bounds[1] for each in wanted],
        "mondays": [each.week.monday.isoformat() for each in wanted],
        "sundays": [each.week.sunday.isoformat() for each in wanted],
    }
