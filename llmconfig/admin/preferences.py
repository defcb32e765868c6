"""Preferences by scope. Written through the services."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from llmconfig import services, task_types
from llmconfig.admin.base import ModelAdmin
from llmconfig.forms import PreferenceForm
from llmconfig.models import Preference

_SCOPES = {
    "system": (_("Everyone"), Q(user=None, group=None, task_type=None)),
    "task_type": (_("A task type"), Q(user=None, group=None, task_type__isnull=False)),
    "tier": (_("A tier"), Q(group__isnull=False)),
    "user": (_("A user"), Q(user__isnull=False)),
}


class ScopeFilter(admin.SimpleListFilter):
    title = _("scope")
    parameter_name = "scope"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, label) for name, (label, _scope) in _SCOPES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        scope = _SCOPES.get(self.value() or "")
        return queryset.filter(scope[1]) if scope else queryset


@admin.register(Preference)
class PreferenceAdmin(ModelAdmin[Preference]):
    form = PreferenceForm
    list_display = [
        "scope",
        "model",
        "shown_fallback",
        "timeout_seconds",
        "max_retries",
        "deadline_seconds",
        "parameters",
        "version",
        "updated_at",
        "updated_by",
    ]
    list_filter = [ScopeFilter, "task_type", "group", "updated_at"]
    list_select_related = ["user", "group", "updated_by"]
    search_fields = ["user__username", "group__name", "task_type", "model", "fallback_model"]
    ordering = ["user__username", "group__tier__rank", "task_type", "id"]
    autocomplete_fields = ["user"]
    readonly_fields = ["version", "updated_at", "updated_by"]
    fieldsets = [
        (
            _("Scope"),
            {
                "fields": ["user", "group", "task_type"],
                "description": _("Leave all three empty for everyone."),
            },
        ),
        (
            _("Fields"),
            {
                "fields": [
                    "model",
                    "fallback_model",
                    "no_fallback",
                    "timeout_seconds",
                    "first_token_timeout_seconds",
                    "max_retries",
                    "deadline_seconds",
                    "parameters",
                ],
                "description": _("An empty field inherits."),
            },
        ),
        (_("History"), {"fields": ["version", "updated_at", "updated_by"]}),
    ]

    @admin.display(description=_("scope"), ordering="task_type")
    def scope(self, row: Preference) -> str:
        parts = []
        if row.user:
            parts.append(gettext("user %(name)s") % {"name": row.user.get_username()})
        if row.group:
            parts.append(gettext("tier %(name)s") % {"name": row.group.name})
        if row.task_type:
            gone = gettext("%(name)s (not registered, ignored)") % {"name": row.task_type}
            parts.append(row.task_type if row.task_type in task_types.names() else gone)
        return " · ".join(parts) or gettext("everyone")

    @admin.display(description=_("fallback model"), ordering="fallback_model")
    def shown_fallback(self, row: Preference) -> str | None:
        return gettext("none") if row.fallback_model == "" else row.fallback_model

    def save_model(self, request: HttpRequest, obj: Preference, form: Any, change: bool) -> None:
        services.preference_save(preference=obj, by=request.user)  # type: ignore[arg-type]

    def delete_model(self, request: HttpRequest, obj: Preference) -> None:
        services.preference_delete(preference=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Preference]) -> None:
        for row in queryset:
            services.preference_delete(preference=row)
