"""Cells of the lists of preferences. An empty cell inherits."""

from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from llmconfig.admin.row_states import STATES, row_states
from llmconfig.tables.models import Preference
from llmconfig.values import value_texts as values
from llmconfig.values.labels import scope_label, task_type_label

INHERITS = "–"
LIMITS = {
    "timeout_seconds": _("timeout"),
    "first_token_timeout_seconds": _("first token"),
    "max_retries": _("retries"),
    "deadline_seconds": _("deadline"),
}
FIELD_COLUMNS = (
    "model_text",
    "fallback_text",
    "limits",
    "parameters_text",
    "state",
    "changed",
)


class Columns:
    """What each column says of a row."""

    @admin.display(description=_("for"), ordering="task_type")
    def scope(self, row: Preference) -> str:
        return scope_label(row)

    @admin.display(description=_("user"), ordering="user__username")
    def user_text(self, row: Preference) -> str:
        return row.user.get_username() if row.user else ""

    @admin.display(description=_("tier"), ordering="group__name")
    def group_text(self, row: Preference) -> str:
        return row.group.name if row.group else ""

    @admin.display(description=_("task type"), ordering="task_type")
    def task_type_text(self, row: Preference) -> str:
        return task_type_label(row.task_type)

    @admin.display(description=_("model"), ordering="model", empty_value=INHERITS)
    def model_text(self, row: Preference) -> str | None:
        return row.model

    @admin.display(description=_("fallback"), ordering="fallback_model", empty_value=INHERITS)
    def fallback_text(self, row: Preference) -> str | None:
        return _stated(row, "fallback_model")

    @admin.display(description=_("limits"), empty_value=INHERITS)
    def limits(self, row: Preference) -> str | None:
        stated = [(label, _stated(row, name)) for name, label in LIMITS.items()]
        told = [f"{label} {value}" for label, value in stated if value is not None]
        return _cut(" · ".join(told))

    @admin.display(description=_("parameters"), empty_value=INHERITS)
    def parameters_text(self, row: Preference) -> str | None:
        return _cut(values.parameters_text(row.parameters))

    @admin.display(description=_("state"))
    def state(self, row: Any) -> str:
        told = [str(STATES[name]) for name in row_states(row)]
        if not told:
            return gettext("in force")
        return format_html('<span class="lc-badge lc-warning">{}</span>', ", ".join(told))

    @admin.display(description=_("changed"), ordering="updated_at")
    def changed(self, row: Preference) -> str:
        moment = timezone.localtime(row.updated_at)
        return format_html(
            '<span title="{}">{}</span><br><span class="lc-muted lc-small">{}</span>',
            moment.isoformat(timespec="seconds"),
            date_format(moment, "j M H:i" if moment.year == timezone.localtime().year else "j M Y"),
            _("by %(user)s") % {"user": row.updated_by} if row.updated_by else _("by a program"),
        )


def _stated(row: Preference, name: str) -> str | None:
    value = getattr(row, name)
    return None if value is None else values.value_text(name, value)


def _cut(text: str) -> str | None:
    return format_html('<span class="lc-cut" title="{0}">{0}</span>', text) if text else None
