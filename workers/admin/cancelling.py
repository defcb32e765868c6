"""Cancelling runs from their list: an action for staff who may change runs."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from workers.runs.errors import RunFinished
from workers.runs.models import TaskRun
from workers.submission.cancel import run_cancel


class Cancelling:
    """Adds the action ``cancel``; every run that it cancels is in the admin's log."""

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("workers.change_taskrun")

    @admin.action(description=_("Cancel the selected runs"), permissions=["cancel"])
    def cancel(self: Any, request: HttpRequest, runs: QuerySet[TaskRun]) -> None:
        cancelled = ended = 0
        for run in runs:
            try:
                run_cancel(run, by=request.user)
            except RunFinished:
                ended += 1
            else:
                cancelled += 1
                self.log_change(request, run, str(_("Cancelled.")))
        told = ngettext("%(count)d run was cancelled.", "%(count)d runs were cancelled.", cancelled)
        self.message_user(request, told % {"count": cancelled})
        if ended:
            told = ngettext(
                "%(count)d run had ended already.", "%(count)d runs had ended already.", ended
            )
            self.message_user(request, told % {"count": ended}, messages.WARNING)
