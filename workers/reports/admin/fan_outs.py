"""How the making of weekly reports goes on, and who got none: to look at."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from llmconfig.admin.base import ModelAdmin
from llmconfig.admin.read_only import ReadOnly
from llmconfig.admin.tables import badge
from workers.reports.models import FanOut, ReportRefusal


class WithDueFilter(admin.SimpleListFilter):
    """Most looks find nobody."""

    title = _("found")
    parameter_name = "found"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("some", str(_("some reports")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[FanOut]) -> QuerySet[FanOut]:
        return queryset.filter(due__gt=0) if self.value() else queryset


@admin.register(FanOut)
class FanOutAdmin(ReadOnly, ModelAdmin[FanOut]):
    list_display = ("moment", "state", "due", "made", "refused", "reasons_text", "finished_at")
    list_filter = (WithDueFilter,)
    fieldsets = (
        (None, {"fields": ("moment", "state", "due", "made", "refused", "reasons_text")}),
        (
            _("Progress"),
            {
                "fields": (
                    "looked_at",
                    "after_user",
                    "deliveries",
                    "started_at",
                    "seen_at",
                    "finished_at",
                )
            },
        ),
    )

    @admin.display(description=_("state"), ordering="finished_at")
    def state(self, fan_out: FanOut) -> str:
        if fan_out.finished_at:
            return badge(_("finished"), "good")
        return badge(_("goes on"), "warning")

    @admin.display(description=_("reasons"))
    def reasons_text(self, fan_out: FanOut) -> str:
        told = [f"{code}: {count}" for code, count in sorted(fan_out.reasons.items())]
        return ", ".join(told) or "–"


@admin.register(ReportRefusal)
class ReportRefusalAdmin(ReadOnly, ModelAdmin[ReportRefusal]):
    list_display = ("week", "user", "code", "detail", "tried_at")
    list_filter = ("code",)
    list_select_related = ("user",)
    search_fields = ("user__username", "week")
