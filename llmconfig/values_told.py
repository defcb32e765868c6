"""How values are told to people."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, ngettext

from llmconfig.fields import FIELDS, PARAMETERS_KEY
from llmconfig.parameters import PARAMETERS
from llmconfig.texts import printable


def value_told(name: str, value: Any) -> str:
    """One value as people read it: ``2 min``, ``no fallback``, ``0.3``."""
    if value is None:
        return gettext("no limit") if name in FIELDS else gettext("not stated")
    if value == "" and name.endswith("fallback_model"):
        return gettext("no fallback")
    if name.endswith("_seconds") and isinstance(value, int):
        return seconds_told(value)
    if isinstance(value, list):
        return ", ".join(printable(repr(each)) for each in value)
    if isinstance(value, float):
        return f"{value:g}"
    return printable(str(value), 200)


def seconds_told(seconds: int) -> str:
    """``90 s``, ``10 min``, ``24 h``: the largest unit that divides it."""
    if seconds and seconds % 3600 == 0:
        return ngettext("%(count)s h", "%(count)s h", seconds // 3600) % {"count": seconds // 3600}
    if seconds and seconds % 60 == 0 and seconds > 60:
        return ngettext("%(count)s min", "%(count)s min", seconds // 60) % {"count": seconds // 60}
    return ngettext("%(count)s s", "%(count)s s", seconds) % {"count": seconds}


def parameters_told(parameters: Mapping[str, Any]) -> str:
    """``temperature 0.2 · max_tokens 400`` in the order of the table."""
    known = [name for name in PARAMETERS if name in parameters]
    return " · ".join(f"{name} {value_told(name, parameters[name])}" for name in known)


def name_told(name: str) -> str:
    """A field's name without the prefix of parameters."""
    return name.removeprefix(f"{PARAMETERS_KEY}.")
