"""Breakers: to see which models are passed over and why, and to close one by hand."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from llmconfig.admin.base import ModelAdmin
from llmconfig.admin.read_only import ReadOnly
from workers.gates.breakers import breaker_reset, state_of, with_state
from workers.gates.models import Breaker


@admin.register(Breaker)
class BreakerAdmin(ReadOnly, ModelAdmin[Breaker]):
    actions = ("reset",)
    list_display = ("model", "host", "state", "failures", "open_until", "last_reason", "changed_at")
    search_fields = ("model", "host")
    fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[Breaker]:
        return with_state(super().get_queryset(request))

    @admin.display(description=_("state"), ordering="open_until")
    def state(self, breaker: Breaker) -> str:
        return str(state_of(breaker).label)

    def has_reset_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("workers.change_breaker")

    @admin.action(description=_("Close the selected breakers"), permissions=["reset"])
    def reset(self, request: HttpRequest, breakers: QuerySet[Any]) -> None:
        chosen = list(breakers)
        for breaker in chosen:
            breaker_reset(breaker)
            self.log_change(request, breaker, str(_("Closed by hand.")))
        told = ngettext(
            "%(count)d breaker is closed.", "%(count)d breakers are closed.", len(chosen)
        )
        self.message_user(request, told % {"count": len(chosen)})
