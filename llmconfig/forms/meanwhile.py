"""What others have changed in a row since a form was opened."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from llmconfig.history.diffs import FieldChange, diff
from llmconfig.labels import field_label
from llmconfig.models import Preference, Tier
from llmconfig.values_told import value_told


def changes_since(row: Preference | Tier, version: int | None) -> list[str]:
    """Sentences: who changed the row when, and each field that is another now."""
    records = type(row).history.filter(id=row.pk)
    latest = records.select_related("history_user").order_by("-history_id").first()
    opened = records.filter(version=version).order_by("-history_id").first()
    told = [_who_and_when(latest)] if latest else []
    if latest and opened:
        changes = diff(_state(opened.instance), _state(latest.instance))
        told += [change_told(change) for change in changes]
    return told


def change_told(change: FieldChange) -> str:
    """``Retries: 2 → 5``"""
    label = field_label(change.field)
    return f"{label}: {_told(change.field, change.old)} → {_told(change.field, change.new)}"


def _told(name: str, value: Any) -> str:
    return gettext("nothing stated") if value is None else value_told(name, value)


def _who_and_when(record: Any) -> str:
    return gettext("Changed by %(user)s on %(moment)s.") % {
        "user": record.history_user or gettext("a program"),
        "moment": date_format(timezone.localtime(record.history_date), "j M Y H:i:s"),
    }


def _state(row: Preference | Tier) -> Mapping[str, Any]:
    if isinstance(row, Preference):
        return row.stated()
    return {"rank": row.rank, "allowed_models": row.allowed_models}
