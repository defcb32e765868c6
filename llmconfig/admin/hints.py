"""Beside each field of the form: what it means to leave it empty, and where that comes from."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from llmconfig.admin.effective import Place
from llmconfig.admin.tables import table
from llmconfig.resolution.inherited import Inherited, inherited_values
from llmconfig.tables.models import Preference
from llmconfig.values import task_types
from llmconfig.values.errors import LLMConfigError
from llmconfig.values.fields import FIELDS, PARAMETERS_KEY
from llmconfig.values.labels import field_label, task_type_label
from llmconfig.values.parameters import PARAMETERS
from llmconfig.values.value_texts import value_text

URL_NAME = "llmconfig_preference_hints"
#: Fields of the form by the name under which they are resolved.
RESOLVED = {
    **{name: name for name in FIELDS},
    **{name: f"{PARAMETERS_KEY}.{name}" for name in PARAMETERS},
}


def hints_add(form: forms.BaseForm, row: Preference) -> None:
    """Put the hints into the help of the form's fields."""
    inherited = _inherited(row)
    for name in RESOLVED.keys() & form.fields.keys():
        told = inherited.get(RESOLVED[name])
        bound = form[name]
        bound.field.widget.attrs["placeholder"] = _placeholder(name, told)
        # The id is the one that the input's aria-describedby names.
        bound.help_text = format_html(
            '<span id="{}_helptext">{} <span class="lc-inherits" data-hint="{}">{}</span></span>',
            bound.auto_id,
            bound.field.help_text,
            name,
            _hint(name, told),
        )


def stated_table(row: Preference) -> SafeString:
    """The row for those who may only look: what it states, and what it inherits."""
    inherited = _inherited(row)
    stated = {**row.stated(), **row.parameters}
    rows = [
        (
            field_label(name),
            value_text(name, stated[name]) if name in stated else "–",
            _hint(name, inherited.get(resolved)),
        )
        for name, resolved in RESOLVED.items()
    ]
    return table((gettext("Field"), gettext("States"), gettext("Inherits")), rows)


def hints_view(request: HttpRequest, **_kwargs: Any) -> JsonResponse:
    """The hints of a row that is not stored yet, for the scope that is picked in the form."""
    if not request.user.has_perm("llmconfig.view_preference"):
        raise PermissionDenied
    inherited = _inherited(_row_of(request.GET))
    told = {name: inherited.get(resolved) for name, resolved in RESOLVED.items()}
    return JsonResponse(
        {
            name: {"hint": _hint(name, each), "placeholder": _placeholder(name, each)}
            for name, each in told.items()
        }
    )


def _row_of(query: Mapping[str, str]) -> Preference:
    keys = {name: query.get(name, "") for name in ("user", "group")}
    known = {f"{name}_id": int(key) for name, key in keys.items() if key.isdecimal()}
    task_type = query.get("task_type", "")
    return Preference(task_type=task_type if task_type in task_types.names() else None, **known)


def _inherited(row: Preference) -> Mapping[str, Inherited]:
    try:
        return inherited_values(row)
    except (LLMConfigError, ObjectDoesNotExist):
        return {}


def _placeholder(name: str, inherited: Inherited | None) -> str:
    return value_text(name, inherited.value) if inherited else ""


def _hint(name: str, inherited: Inherited | None) -> SafeString:
    others = inherited.by_task_type.items() if inherited else ()
    return render_to_string(
        "llmconfig/admin/hint.html",
        {
            "value": value_text(name, inherited.value) if inherited else None,
            "place": Place(inherited.origin) if inherited else None,
            "others": [
                (task_type_label(task_type), value_text(name, held.value), Place(held.origin))
                for task_type, held in others
            ],
        },
    )
