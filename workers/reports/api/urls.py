"""Addresses below ``/v1/`` of the weekly reports."""

from django.urls import path

from workers.reports.api.report_settings import ReportSettingsView
from workers.reports.api.reports import WeeklyReportDetailView, WeeklyReportListView

urlpatterns = [
    path("reports/settings", ReportSettingsView.as_view(), name="report-settings"),
    path("reports/weekly", WeeklyReportListView.as_view(), name="weekly-report-list"),
    path(
        "reports/weekly/<str:report_id>",
        WeeklyReportDetailView.as_view(),
        name="weekly-report-detail",
    ),
]
