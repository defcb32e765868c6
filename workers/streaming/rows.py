"""State of watched runs, from the database."""

import uuid
from collections.abc import Iterable, Mapping

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from workers.runs.models import TaskRun
from workers.runs.run_json import run_json
from workers.runs.selectors import runs_for_telling
from workers.runs.states import FINAL
from workers.streaming.diff import Row

#: What ``end`` tells of a run, beside where to read the rest.
_TOLD_AT_END = ("status", "result", "notes", "error", "model_used", "fallback_used", "usage")

#: What a row says that may change: its status, deliveries and number of ended attempts.
Mark = tuple[str, int, int]


def row_of(run: TaskRun) -> Row:
    """A run with its attempts, as it is now."""
    shown = run_json(run)
    ended = {name: shown[name] for name in _TOLD_AT_END}
    ended["status_url"] = reverse("task-detail", args=[run.pk])
    return Row(
        status=shown["status"],
        deliveries=run.deliveries,
        attempts=tuple(shown["attempts"]),
        end=ended if shown["status"] in FINAL else None,
    )


def rows_look(known: Mapping[uuid.UUID, Row]) -> dict[uuid.UUID, Row]:
    """Those of the rows that are not as they were known: two queries, and none of them large."""
    marks = _marks(known)
    other = [run_id for run_id, mark in marks.items() if mark != mark_of(known[run_id])]
    runs = runs_for_telling(TaskRun.objects.filter(pk__in=other)).defer("payload")
    found = {run.pk: row_of(run) for run in runs}
    gone = known.keys() - marks.keys() | set(other) - found.keys()
    return {**found, **{run_id: _deleted(known[run_id]) for run_id in gone}}


def mark_of(row: Row) -> Mark:
    return (row.status, row.deliveries, len(row.attempts))


def _marks(run_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Mark]:
    now = timezone.now()
    fields = ("pk", "status", "deadline", "deliveries")
    runs = TaskRun.objects.filter(pk__in=list(run_ids)).only(*fields)
    counted = runs.annotate(attempts_ended=Count("attempts"))
    return {run.pk: (run.status_at(now), run.deliveries, run.attempts_ended) for run in counted}


def _deleted(row: Row) -> Row:
    error = {"code": "not_found", "detail": _("There is no such task.")}
    shown = dict.fromkeys((*_TOLD_AT_END, "status_url"))
    return Row(
        status=row.status,
        deliveries=row.deliveries,
        attempts=row.attempts,
        end={**shown, "notes": [], "fallback_used": False, "error": error},
    )
