"""How scopes, task types, fields and layers are called in front of people."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from llmconfig.values import task_types

_PREFIX = "TASK_TYPE_"
_FIELDS = {
    "model": _("Model"),
    "fallback_model": _("Fallback model"),
    "timeout_seconds": _("Timeout"),
    "first_token_timeout_seconds": _("First token timeout"),
    "max_retries": _("Retries"),
    "deadline_seconds": _("Deadline"),
    "load_timeout_seconds": _("Load timeout"),
    "context_window": _("Context window"),
    "rank": _("Rank"),
    "allowed_models": _("Allowed models"),
    "task_type": _("Task type"),
    "user_id": _("User"),
    "group_id": _("Tier"),
}
_LAYERS = {
    "system": _("system"),
    "task_type": _("task type"),
    "experiment": _("experiment"),
    "tier": _("tier"),
    "user": _("user"),
    "request": _("request"),
    "model_params": _("model"),
    "loaded": _("as loaded"),
    "default": _("model server"),
}


def scope_label(row: Any) -> str:
    """Whom a row, stored or of the history, is for: ``user ada · Weekly report``."""
    return " · ".join(_parts(row)) or gettext("everyone")


def _parts(row: Any) -> Iterator[str]:
    if row.user_id is not None:
        yield gettext("user %(name)s") % {"name": row.user.get_username()}
    if row.group_id is not None:
        yield gettext("tier %(name)s") % {"name": row.group.name}
    if row.task_type:
        yield task_type_label(row.task_type)


def task_type_label(name: str | None) -> str:
    """``TASK_TYPE_WEEKLY_REPORT`` → ``Weekly report``; None: all of them."""
    if not name:
        return gettext("all task types")
    label = name.removeprefix(_PREFIX).replace("_", " ").capitalize()
    if name in task_types.names():
        return label
    return gettext("%(name)s (not registered, ignored)") % {"name": label}


def field_label(name: str) -> str:
    """``timeout_seconds`` → ``Timeout``; parameters keep the names that models know them by."""
    last = name.rpartition(".")[2]
    return str(_FIELDS.get(last, last))


def layer_label(layer: str) -> str:
    return str(_LAYERS.get(layer, layer))
