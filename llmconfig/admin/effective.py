"""The page of the effective configuration: what a run would get now, field by field, and why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from llmconfig.admin.autocomplete import PeopleSelect
from llmconfig.resolution.explain import config_explain, origin_link
from llmconfig.resolution.explanation import ExplainedField, Explanation
from llmconfig.values import task_types
from llmconfig.values.fields import FIELDS
from llmconfig.values.labels import field_label, layer_label, task_type_label
from llmconfig.values.types import Clamped, Origin, Skipped, Statement
from llmconfig.values.value_texts import value_text

URL_NAME = "llmconfig_preference_effective"
#: Prefixes of field names, and what their group is called.
GROUPS = {
    "parameters.": _("Parameters"),
    "model_parameters.primary.": _("Parameters of the model"),
    "model_parameters.fallback.": _("Parameters of the fallback model"),
    "reload_options.primary.": _("How the model is loaded"),
    "reload_options.fallback.": _("How the fallback model is loaded"),
}


def effective_url(user_id: int | None, task_type: str | None) -> str:
    """The page for this user and task type; None: everyone, all types. A type that is not
    registered has none of its own."""
    known = task_type if task_type in task_types.names() else None
    query = {"user": user_id, "task_type": known}
    stated = {name: value for name, value in query.items() if value}
    address = reverse(f"admin:{URL_NAME}")
    return f"{address}?{urlencode(stated)}" if stated else address


def effective_view(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    """``?user=`` and ``?task_type=``; without a user what everyone gets, without a type all."""
    if not request.user.has_perm("llmconfig.view_preference"):
        raise PermissionDenied
    form = ScopeForm(request.GET, site=site)
    explanations = list(_explanations(form)) if form.is_valid() else []
    user = form.cleaned_data.get("user")
    context = {
        **site.each_context(request),
        "title": __("Effective configuration"),
        "form": form,
        "user_picked": user,
        "pages": [Page(explanation) for explanation in explanations],
        "media": form.media,
    }
    return TemplateResponse(request, "llmconfig/admin/effective.html", context)


class ScopeForm(forms.Form):
    user = forms.ModelChoiceField(
        label=_("User"), queryset=get_user_model()._default_manager.all(), required=False
    )
    task_type = forms.ChoiceField(
        label=_("Task type"), required=False, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, data: Any, *, site: AdminSite) -> None:
        super().__init__(data)
        widget = PeopleSelect(site, choices=self.fields["user"].choices)  # type: ignore[attr-defined]
        widget.placeholder = _("Everyone")
        self.fields["user"].widget = widget
        names = [(name, task_type_label(name)) for name in task_types.names()]
        self.fields["task_type"].choices = [("", _("All task types")), *names]  # type: ignore[attr-defined]


def _explanations(form: ScopeForm) -> Iterator[Explanation]:
    user = form.cleaned_data["user"]
    picked = form.cleaned_data["task_type"]
    for name in [picked] if picked else task_types.names():
        yield config_explain(user_id=user and user.pk, task_type=name)


@dataclass(frozen=True)
class Place:
    """Where a value comes from, as the page shows it."""

    origin: Origin

    @property
    def layer(self) -> str:
        return self.origin.layer

    @property
    def layer_label(self) -> str:
        return layer_label(self.origin.layer)

    @property
    def text(self) -> str:
        return self.origin.place

    @property
    def link(self) -> str | None:
        return origin_link(self.origin)


@dataclass(frozen=True)
class Line:
    """One field of the table."""

    field: ExplainedField

    @property
    def name(self) -> str:
        return field_label(self.field.name)

    @property
    def value(self) -> str:
        return value_text(self.field.name, self.field.value)

    @property
    def place(self) -> Place:
        return Place(self.field.origin)

    @property
    def shadowed(self) -> list[tuple[str, Place]]:
        return [_statement_text(statement) for statement in self.field.shadowed]

    @property
    def skipped(self) -> list[tuple[str, Place]]:
        return skipped_text(self.field.skipped)

    @property
    def clamped(self) -> str:
        return _clamped_text(self.field.clamped) if self.field.clamped else ""

    @property
    def overridden(self) -> bool:
        return bool(self.field.overridden_by)


@dataclass(frozen=True)
class Page:
    """One task type."""

    explanation: Explanation

    @property
    def title(self) -> str:
        return task_type_label(self.explanation.task_type)

    @property
    def task_type(self) -> str:
        return self.explanation.task_type

    @property
    def link(self) -> str:
        return effective_url(self.explanation.user_id, self.task_type)

    @property
    def refusal(self) -> str:
        refusal = self.explanation.refusal
        return refusal.message.translate(__) if refusal else ""

    @property
    def summary(self) -> list[Line]:
        return [Line(each) for each in self.explanation.fields if each.name in FIELDS]

    @property
    def groups(self) -> list[tuple[str, list[Line]]]:
        fields = (*self.explanation.fields, *self.explanation.window_fields)
        return [
            ("", self.summary),
            *(
                (str(title), lines)
                for prefix, title in GROUPS.items()
                if (lines := [Line(each) for each in fields if each.name.startswith(prefix)])
            ),
        ]

    @property
    def warnings(self) -> list[str]:
        return [each.sentence.translate(__) for each in self.explanation.answers_too_long]

    @property
    def unplaced(self) -> list[tuple[str, Place]]:
        return skipped_text(self.explanation.unplaced)

    @property
    def allowed(self) -> list[tuple[str, str]]:
        policy = self.explanation.policy
        lists = [
            (__("LLM_ALLOWED_MODELS"), policy.patterns),
            (__("The user's tiers"), policy.tier_patterns),
        ]
        return [(name, ", ".join(patterns)) for name, patterns in lists if patterns is not None]


def _statement_text(statement: Statement) -> tuple[str, Place]:
    return value_text(statement.field, statement.value), Place(statement.origin)


def skipped_text(skipped: Iterable[Skipped]) -> list[tuple[str, Place]]:
    """Each as a sentence with the place that stated it."""
    return [(each.sentence.translate(__), Place(each.origin)) for each in skipped]


def _clamped_text(clamped: Clamped) -> str:
    return __("lowered from %(stated)s to the %(limit)s") % {
        "stated": value_text(clamped.field, clamped.stated),
        "limit": field_label(clamped.limit).lower(),
    }
