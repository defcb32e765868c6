"""Permit pools: how many attempts may be open at once on each model, and where that is from."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from llmconfig.admin.base import ModelAdmin
from llmconfig.admin.read_only import ReadOnly
from workers.gates.models import PermitPool
from workers.gates.permits.limits import stated_limit
from workers.gates.permits.selectors import PoolState, pool_states


@admin.register(PermitPool)
class PermitPoolAdmin(ReadOnly, ModelAdmin[PermitPool]):
    actions = ("forget",)
    list_display = (
        "model",
        "host",
        "permits",
        "source",
        "held",
        "waiting",
        "queued_at",
        "longest_answer",
        "changed_at",
    )
    search_fields = ("model", "host")
    fields = list_display
    readonly_fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[PermitPool]:
        # One look for the whole page.
        self._states = {(state.host, state.model): state for state in pool_states()}
        return super().get_queryset(request)

    def _state(self, pool: PermitPool) -> PoolState:
        # Another request may have looked before the pool was made.
        found = self._states.get((pool.host, pool.model))
        return found or next(each for each in pool_states(pool.host) if each.model == pool.model)

    @admin.display(description=_("permits"))
    def permits(self, pool: PermitPool) -> int:
        return self._state(pool).permits

    @admin.display(description=_("from"))
    def source(self, pool: PermitPool) -> str:
        return str(_("learned") if stated_limit() is None else _("stated"))

    @admin.display(description=_("held"))
    def held(self, pool: PermitPool) -> int:
        return self._state(pool).held

    @admin.display(description=_("waiting"))
    def waiting(self, pool: PermitPool) -> int:
        return self._state(pool).waiting

    @admin.display(description=_("one waited at"), empty_value="–")
    def queued_at(self, pool: PermitPool) -> int | None:
        return self._state(pool).queued_at

    @admin.display(description=_("longest answer"), empty_value="–")
    def longest_answer(self, pool: PermitPool) -> str | None:
        if pool.longest_seconds is None:
            return None
        return _("%(seconds).1f s") % {"seconds": pool.longest_seconds}

    def has_forget_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("workers.change_permitpool")

    @admin.action(description=_("Learn the number anew"), permissions=["forget"])
    def forget(self, request: HttpRequest, pools: QuerySet[Any]) -> None:
        chosen = list(pools)
        PermitPool.objects.filter(pk__in=[pool.pk for pool in chosen]).update(
            learned=1, stated=None, ceiling=None, longest_seconds=None
        )
        for pool in chosen:
            self.log_change(request, pool, str(_("To be learned anew.")))
        text = ngettext(
            "The permits of %(count)d model are learned anew.",
            "The permits of %(count)d models are learned anew.",
            len(chosen),
        )
        self.message_user(request, text % {"count": len(chosen)})
