"""The audit trail, to read and to search. Nobody edits it, and time alone deletes it."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from llmconfig.admin.base import ModelAdmin
from llmconfig.admin.read_only import ReadOnly
from llmconfig.admin.tables import badge
from llmconfig.audit.entries import AuditEntry


class OutcomeFilter(SimpleListFilter):
    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        return [
            ("done", gettext("done")),
            ("refused", gettext("refused")),
            ("error", gettext("error of the server")),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry]
    ) -> QuerySet[AuditEntry]:
        return {
            "done": queryset.filter(status__lt=400),
            "refused": queryset.filter(status__gte=400, status__lt=500),
            "error": queryset.filter(status__gte=500),
        }.get(self.value() or "", queryset)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, ModelAdmin[AuditEntry]):
    list_display = (
        "called",
        "who",
        "method",
        "operation",
        "object_id",
        "outcome",
        "address",
        "token_key",
    )
    list_filter = (OutcomeFilter, "method", "moment")
    search_fields = (
        "=username",
        "=operation",
        "=object_id",
        "=address",
        "=token_key",
        "=request_id",
    )
    search_help_text = _("A whole user name, operation, object, address, token or request.")
    date_hierarchy = "moment"
    ordering = ("-moment", "-pk")
    show_full_result_count = False
    fields = (
        ("called", "who"),
        ("method", "operation", "object_id", "outcome"),
        ("address", "token_key", "request_id"),
    )

    @admin.display(description=_("moment"), ordering="moment")
    def called(self, entry: AuditEntry) -> str:
        return date_format(timezone.localtime(entry.moment), "j M Y H:i:s")

    @admin.display(description=_("user"), ordering="username", empty_value="–")
    def who(self, entry: AuditEntry) -> str:
        return entry.username

    @admin.display(description=_("outcome"), ordering="status")
    def outcome(self, entry: AuditEntry) -> str:
        kind = "good" if entry.status < 400 else "warning" if entry.status < 500 else "bad"
        return badge(entry.status, kind)
