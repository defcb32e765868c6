"""Finds people by name for whoever may see preferences: their lists hold the names anyway."""

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import HttpRequest

URL_NAME = "llmconfig_preference_people"


class PeopleSelect(AutocompleteSelect):
    url_name = f"%s:{URL_NAME}"


class PeopleView(AutocompleteJsonView):
    def has_perm(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("llmconfig.view_preference")
