"""Pauses: staff add one to have the runs of a queue or a model wait, and remove it to resume."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from llmconfig.admin.base import OwnDeleteAdmin
from workers.gates.models import Pause
from workers.gates.pauses import pause_add, pause_name, pause_remove
from workers.runs.errors import InvalidPause, NotPaused


class PauseForm(forms.ModelForm[Pause]):
    class Meta:
        model = Pause
        fields = ("kind", "name", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A page that is only looked at has no fields.
        if "reason" in self.fields:
            self.fields["reason"].required = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "kind" in cleaned and "name" in cleaned:
            try:
                cleaned["name"] = pause_name(cleaned["kind"], cleaned["name"])
            except InvalidPause as error:
                self.add_error("name", error.detail)
        return cleaned


@admin.register(Pause)
class PauseAdmin(OwnDeleteAdmin[Pause]):
    form = PauseForm
    actions = ("resume",)
    list_display = ("name", "kind", "reason", "created_at", "created_by")
    list_filter = ("kind",)
    list_select_related = ("created_by",)

    def has_change_permission(self, *_args: Any) -> bool:
        return False

    @admin.action(description=_("Resume the selected"), permissions=["delete"])
    def resume(self, request: HttpRequest, pauses: QuerySet[Pause]) -> None:
        resumed = sum(_resume(pause, request) for pause in pauses)
        told = ngettext("%(count)d pause is over.", "%(count)d pauses are over.", resumed)
        self.message_user(request, told % {"count": resumed}, messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Pause, *_args: Any) -> None:
        added = pause_add(kind=obj.kind, name=obj.name, reason=obj.reason, by=request.user)
        obj.pk = added.pk

    def delete_model(self, request: HttpRequest, obj: Pause) -> None:
        _resume(obj, request)

    def log_addition(self, *_args: Any) -> None:  # type: ignore[override]
        """The service has logged it, with its reason."""

    def log_deletions(self, *_args: Any) -> None:  # type: ignore[override]
        """The service has logged it, with its reason."""


def _resume(pause: Pause, request: HttpRequest) -> bool:
    try:
        pause_remove(kind=pause.kind, name=pause.name, by=request.user)
    except NotPaused:
        return False
    return True
