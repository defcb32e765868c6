"""Finds people by name for whoever may see preferences: their lists hold the names anyway."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise

from llmconfig.tables.models import Preference

URL_NAME = "llmconfig_preference_people"


class _OfPeople:
    url_name = f"%s:{URL_NAME}"
    #: What is shown while nobody is picked.
    placeholder: Promise | str = ""
    #: A group to whose members the choice is narrowed.
    group_id: int | None = None

    def __init__(self, site: AdminSite, **kwargs: Any) -> None:
        super().__init__(Preference._meta.get_field("user"), site, **kwargs)  # type: ignore[call-arg]

    def get_url(self) -> str:
        address: str = super().get_url()  # type: ignore[misc]  # of the widget beside this class
        return f"{address}?group={self.group_id}" if self.group_id else address

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        attrs = super().build_attrs(base_attrs, extra_attrs)  # type: ignore[misc]  # the same
        return {**attrs, "data-placeholder": str(self.placeholder)}

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        # Django looks up whatever was sent, and a key that is no number breaks the page.
        keys = [key for key in value if str(key).isdecimal()]
        return super().optgroups(name, keys, attr)  # type: ignore[misc]  # the same


class PeopleSelect(_OfPeople, AutocompleteSelect):
    pass


class PeopleSelectMultiple(_OfPeople, AutocompleteSelectMultiple):
    pass


class PeopleView(AutocompleteJsonView):
    def has_perm(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("llmconfig.view_preference")

    def get_queryset(self) -> QuerySet[Any]:
        people = super().get_queryset()
        group = self.request.GET.get("group", "")
        return people.filter(groups=group) if group.isdecimal() else people
