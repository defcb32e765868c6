"""Finds people by name for whoever may see preferences: their lists hold the names anyway."""

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import HttpRequest
from django.utils.functional import Promise

URL_NAME = "llmconfig_preference_people"


class PeopleSelect(AutocompleteSelect):
    url_name = f"%s:{URL_NAME}"
    #: What is shown while nobody is picked.
    placeholder: Promise | str = ""

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        attrs = super().build_attrs(base_attrs, extra_attrs)
        return {**attrs, "data-placeholder": str(self.placeholder)}

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        # Django looks up whatever was sent, and a key that is no number breaks the page.
        return super().optgroups(name, [key for key in value if str(key).isdecimal()], attr)


class PeopleView(AutocompleteJsonView):
    def has_perm(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("llmconfig.view_preference")
