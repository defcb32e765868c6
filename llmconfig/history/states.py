"""Plain states of rows: now, at a version, at a moment."""

from datetime import datetime
from typing import Any, TypeAlias

from django.db.models import Max

from llmconfig.tables.models import Preference, Tier
from llmconfig.values.diffs import State

AnyModel: TypeAlias = type[Preference] | type[Tier]
_CREATED, _DELETED = "+", "-"


def state_of(row: Any) -> State:
    """Of a stored row, or of a record of the history."""
    model: AnyModel = getattr(row, "instance_type", type(row))
    return {name: getattr(row, name) for name in _columns(model)}


def states_now(model: AnyModel) -> dict[int, tuple[int, State]]:
    """Version and state of each stored row."""
    rows = model.objects.order_by().values("id", "version", *_columns(model))
    return {row.pop("id"): (row.pop("version"), row) for row in rows.iterator()}


def states_at(model: AnyModel, moment: datetime) -> dict[int, State | None]:
    """Of each row that had been changed by then; None: it was deleted."""
    records = model.history.filter(history_date__lte=moment)
    last = records.order_by("id", "-history_id").distinct("id")
    found = last.values("id", "history_type", *_columns(model))
    return {
        row.pop("id"): None if row.pop("history_type") == _DELETED else row
        for row in found.iterator()
    }


def state_at_version(model: AnyModel, row_id: int, version: int) -> State | None:
    """None where there was no such version, or it is that of a deletion."""
    found = model.history.filter(id=row_id, version=version).order_by("-history_id").first()
    return None if found is None or found.history_type == _DELETED else state_of(found)


def made_after(model: AnyModel, moment: datetime) -> set[int]:
    """The rows whose history begins with their creation, later than that."""
    first = model.history.order_by("id", "history_id").distinct("id")
    found = first.values_list("id", "history_type", "history_date")
    return {pk for pk, kind, at in found.iterator() if kind == _CREATED and at > moment}


def last_version(model: AnyModel, row_id: int) -> int:
    """The highest that the row ever had; 0 where it has no history."""
    found = model.history.filter(id=row_id).aggregate(last=Max("version"))
    return found["last"] or 0


def versions_now() -> list[dict[int, int]]:
    """Of all stored rows by their ids, for each table: other ones mean that something was saved."""
    return [
        dict(model.objects.order_by().values_list("id", "version")) for model in (Preference, Tier)
    ]


def _columns(model: AnyModel) -> list[str]:
    names = [field.attname for field in model.history.model.tracked_fields]
    return [name for name in names if name not in ("id", "version")]
