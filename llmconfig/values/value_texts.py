"""How values are told to people."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, ngettext

from llmconfig.values.diffs import FieldChange
from llmconfig.values.fields import FIELDS
from llmconfig.values.labels import field_label
from llmconfig.values.parameters import PARAMETERS
from llmconfig.values.texts import printable


def value_text(name: str, value: Any) -> str:
    """One value as people read it: ``2 min``, ``no fallback``, ``0.3``."""
    if value is None:
        return gettext("no limit") if name in FIELDS else gettext("not stated")
    if value == "" and name.endswith("fallback_model"):
        return gettext("no fallback")
    if name.endswith("_seconds") and isinstance(value, int):
        return seconds_text(value)
    if isinstance(value, list):
        # Stop texts have blanks and line breaks that count; names and globs have none.
        told = repr if name.endswith("stop") else str
        return ", ".join(printable(told(each)) for each in value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return printable(str(value), 200)


def change_text(change: FieldChange) -> str:
    """``Retries: 2 → 5``"""
    old, new = _stated(change, change.old), _stated(change, change.new)
    return f"{field_label(change.field)}: {old} → {new}"


def _stated(change: FieldChange, value: Any) -> str:
    return gettext("nothing stated") if value is None else value_text(change.field, value)


def seconds_text(seconds: int) -> str:
    """``90 s``, ``10 min``, ``24 h``: the largest unit that divides it."""
    if seconds and seconds % 3600 == 0:
        return ngettext("%(count)s h", "%(count)s h", seconds // 3600) % {"count": seconds // 3600}
    if seconds and seconds % 60 == 0 and seconds > 60:
        return ngettext("%(count)s min", "%(count)s min", seconds // 60) % {"count": seconds // 60}
    return ngettext("%(count)s s", "%(count)s s", seconds) % {"count": seconds}


def parameters_text(parameters: Mapping[str, Any]) -> str:
    """``temperature 0.2 · max_tokens 400`` in the order of the table."""
    known = [name for name in PARAMETERS if name in parameters]
    return " · ".join(f"{name} {value_text(name, parameters[name])}" for name in known)
