"""Addresses below ``/reports/``."""

from django.urls import path

from workers.reports.pages.reports import (
    ReportAgainPage,
    ReportListPage,
    ReportPage,
    ReportSettingsPage,
)

urlpatterns = [
    path("", ReportListPage.as_view(), name="report-list-page"),
    path("settings/", ReportSettingsPage.as_view(), name="report-settings-page"),
    path("<uuid:report_id>/", ReportPage.as_view(), name="report-page"),
    path("<uuid:report_id>/again/", ReportAgainPage.as_view(), name="report-again-page"),
]
