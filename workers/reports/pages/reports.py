"""A person's reports, one of them, and their settings."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.generic import DetailView, ListView, UpdateView

from llmconfig.values.errors import LLMConfigError
from workers.reports.delivery.pages import report_shown, report_values
from workers.reports.making import report_again, report_start
from workers.reports.models import Delivery, ReportSettings, WeeklyReport
from workers.reports.pages.forms import ReportSettingsForm
from workers.reports.selectors import UNLISTED
from workers.reports.wishes import wishes_change, wishes_of
from workers.runs.errors import WorkerError
from workers.runs.quota import room_require

PAGE_SIZE = 20


def reports_of(user: Any) -> QuerySet[WeeklyReport]:
    """A person's own reports, newest first, with their runs."""
    reports = WeeklyReport.objects.filter(user=user).select_related("run")
    return reports.order_by("-starts_at", "-created_at")


@method_decorator(never_cache, name="dispatch")
class ReportListPage(LoginRequiredMixin, ListView[WeeklyReport]):
    """The reports; posted to, it has last week's written now."""

    template_name = "reports/pages/report_list.html"
    paginate_by = PAGE_SIZE

    def get_queryset(self) -> QuerySet[WeeklyReport]:
        return reports_of(self.request.user).defer(*UNLISTED)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wishes, now = wishes_of(_me(self.request)), timezone.now()
        context = super().get_context_data(
            wishes=wishes, how=_how(self.request, wishes), here="reports", **kwargs
        )
        return {**context, "shown": [report_shown(each, now) for each in context["page_obj"]]}

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            started = report_start(user_id=_me(request), admit=_room(request))
        except (WorkerError, LLMConfigError) as error:
            messages.warning(request, str(error))
            return redirect("report-list-page")
        if started.report is None:
            return redirect("report-list-page")
        return redirect("report-page", started.report.pk)


@method_decorator(never_cache, name="dispatch")
class ReportPage(LoginRequiredMixin, DetailView[WeeklyReport]):
    """One report. Somebody else's is not found."""

    template_name = "reports/pages/report.html"

    def get_object(self, queryset: QuerySet[WeeklyReport] | None = None) -> WeeklyReport:
        report_id: UUID = self.kwargs["report_id"]
        return get_object_or_404(reports_of(self.request.user), pk=report_id)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = report_shown(self.object, timezone.now())
        values = report_values(self.object)
        return super().get_context_data(shown=shown, here="reports", **values, **kwargs)


class ReportAgainPage(LoginRequiredMixin, View):
    """Has a report that failed written again."""

    def post(self, request: HttpRequest, report_id: UUID) -> HttpResponse:
        report = get_object_or_404(reports_of(request.user), pk=report_id)
        try:
            report_again(report, _room(request))
        except (WorkerError, LLMConfigError) as error:
            messages.warning(request, str(error))
        return redirect("report-page", report_id)


@method_decorator(never_cache, name="dispatch")
class ReportSettingsPage(LoginRequiredMixin, UpdateView[ReportSettings, ModelForm[ReportSettings]]):
    """When and how the caller has the weekly report."""

    template_name = "reports/pages/report_settings.html"
    form_class = ReportSettingsForm
    success_url = reverse_lazy("report-settings-page")

    def get_object(self, queryset: QuerySet[ReportSettings] | None = None) -> ReportSettings:
        return wishes_of(_me(self.request))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(here="settings", **kwargs)

    def form_valid(self, form: ModelForm[ReportSettings]) -> HttpResponse:
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        wishes_change(_me(self.request), changed)
        messages.success(self.request, _("Saved."))
        return redirect(self.get_success_url())


def _how(request: HttpRequest, wishes: ReportSettings) -> str:
    """How reports come, which is not by mail where none can be sent."""
    user: Any = request.user
    can_mail = settings.REPORT_MAIL and user.email
    return str(Delivery(wishes.delivery if can_mail else Delivery.PAGE).label)


def _room(request: HttpRequest) -> Callable[[], object]:
    return partial(room_require, _me(request))


def _me(request: HttpRequest) -> int:
    user: Any = request.user  # logged in
    return int(user.pk)
