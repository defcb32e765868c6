"""Weekly reports, to read: whose, of which week, how it stands, and what became of its mail."""

import json
import logging

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from llmconfig.admin.base import ModelAdmin
from llmconfig.admin.read_only import ReadOnly
from llmconfig.admin.tables import badge, preformatted
from workers.admin.notes import notes_list
from workers.admin.runs import BADGES
from workers.reports.delivery.mailing import mails_again
from workers.reports.models import MailState, WeeklyReport
from workers.reports.selectors import UNLISTED
from workers.reports.status import report_status
from workers.runs.states import Status

logger = logging.getLogger(__name__)

#: Of the reports that an action was for.
LOGGED = 50
MAIL_BADGES = {
    MailState.NONE: "",
    MailState.WAITING: "",
    MailState.SENDING: "task_type",
    MailState.SENT: "good",
    MailState.REFUSED: "bad",
    MailState.UNKNOWN: "warning",
}


@admin.register(WeeklyReport)
class WeeklyReportAdmin(ReadOnly, ModelAdmin[WeeklyReport]):
    list_display = ("week", "user", "status_now", "written_at", "mail")
    list_filter = ("week", "mail_state", "written_at")
    search_fields = ("=id", "week", "user__username", "=run__id")
    list_select_related = ("user", "run")
    show_full_result_count = False
    unlisted = UNLISTED
    actions = ("mail_again",)
    fieldsets = (
        (None, {"fields": (("week", "user", "status_now"), "run_link")}),
        (_("Text"), {"fields": ("content_text", "notes_text")}),
        (_("Facts"), {"fields": ("facts_text",)}),
        (_("Mail"), {"fields": (("mail", "mail_tries", "mail_at"), "mail_error")}),
        (
            _("Times"),
            {
                "fields": (
                    ("starts_at", "ends_at", "time_zone", "language"),
                    ("created_at", "written_at"),
                )
            },
        ),
    )

    @admin.action(description=_("Send the mail again"), permissions=["mail"])
    def mail_again(self, request: HttpRequest, reports: QuerySet[WeeklyReport]) -> None:
        sent = mails_again(reports)
        ids = [str(pk) for pk in reports.values_list("pk", flat=True)[:LOGGED]]
        logger.info("%s has %d mails sent again, of: %s", request.user, sent, ", ".join(ids))
        told = ngettext("%(count)d mail is sent again.", "%(count)d mails are sent again.", sent)
        self.message_user(request, told % {"count": sent}, messages.SUCCESS)

    def has_mail_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("reports.change_weeklyreport")

    @admin.display(description=_("status"))
    def status_now(self, report: WeeklyReport) -> str:
        status = Status(report_status(report))
        return badge(status.label, BADGES[status])

    @admin.display(description=_("mail"), ordering="mail_state")
    def mail(self, report: WeeklyReport) -> str:
        state = MailState(report.mail_state)
        return badge(state.label, MAIL_BADGES[state])

    @admin.display(description=_("run"), empty_value="–")
    def run_link(self, report: WeeklyReport) -> str | None:
        if report.run_id is None:
            return None
        address = reverse("admin:workers_taskrun_change", args=[report.run_id])
        return format_html('<a class="lc-link" href="{}">{}</a>', address, report.run_id)

    @admin.display(description=_("text"))
    def content_text(self, report: WeeklyReport) -> str:
        # Written by a model: shown as it is, and never as HTML.
        return preformatted(report.content)

    @admin.display(description=_("notes"), empty_value="–")
    def notes_text(self, report: WeeklyReport) -> str | None:
        return notes_list(report.notes)

    @admin.display(description=_("facts"))
    def facts_text(self, report: WeeklyReport) -> str:
        return preformatted(json.dumps(report.facts, indent=2, ensure_ascii=False))
