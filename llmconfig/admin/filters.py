"""Filters of the lists of preferences."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from llmconfig.admin.row_states import STATES, rows_in_state
from llmconfig.resolution.stated_models import states_model
from llmconfig.tables.models import Preference, Tier
from llmconfig.values.labels import task_type_label
from llmconfig.values.model_names import normalise_model

Choices = list[tuple[Any, Any]]
Rows = QuerySet[Preference]


class TaskTypeFilter(DropdownFilter):  # type: ignore[misc]  # unfold publishes no types
    title = _("task type")
    parameter_name = "task_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        names = _distinct("task_type", model_admin.get_queryset(request))
        return [
            ("none", gettext("all task types")),
            *((name, task_type_label(name)) for name in names),
        ]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        value = self.value()
        return queryset.filter(task_type=None if value == "none" else value) if value else queryset


class ModelFilter(DropdownFilter):  # type: ignore[misc]  # unfold publishes no types
    title = _("model or fallback")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        rows = model_admin.get_queryset(request)
        stated = (*_distinct("model", rows), *_distinct("fallback_model", rows))
        return [(name, name) for name in sorted(set(map(normalise_model, stated)))]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        value = self.value()
        return queryset.filter(states_model(value)) if value else queryset


class TierFilter(DropdownFilter):  # type: ignore[misc]  # unfold publishes no types
    title = _("tier")
    parameter_name = "tier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        tiers = Tier.objects.select_related("group").order_by("rank")
        return [(str(tier.group_id), tier.group.name) for tier in tiers]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        value = self.value() or ""
        if not value.isdecimal():
            return queryset
        # Two conditions on one row: of the tier itself, or of a user who belongs to it.
        return queryset.filter(Q(group=value) | Q(user__groups=value))


class FallbackFilter(SimpleListFilter):
    title = _("fallback")
    parameter_name = "fallback"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [
            ("named", gettext("names one")),
            ("none", gettext("states that there is none")),
            ("inherits", gettext("inherits")),
        ]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return {
            "named": queryset.filter(fallback_model__gt=""),
            "none": queryset.filter(fallback_model=""),
            "inherits": queryset.filter(fallback_model=None),
        }.get(self.value() or "", queryset)


class StateFilter(SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        value = self.value()
        return rows_in_state(queryset, value) if value in STATES else queryset


FILTERS = {
    "task_type": TaskTypeFilter,
    "model": ModelFilter,
    "tier": TierFilter,
    "fallback": FallbackFilter,
    "state": StateFilter,
}


def _distinct(field: str, rows: Rows) -> Iterator[str]:
    found = rows.order_by(field).values_list(field, flat=True).distinct()
    return (value for value in found if value)
