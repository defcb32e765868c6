"""``/v1/reports/weekly``: one's own reports, and making one now."""

from functools import partial
from typing import Any, ClassVar

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from llmconfig.api.moments import moment_json
from workers.api.filters import UserId
from workers.api.pages import PLACE, ReportPages
from workers.api.queries import query_read
from workers.reports.api import described as described
from workers.reports.errors import UnknownWeek
from workers.reports.making import report_start
from workers.reports.models import WeeklyReport
from workers.reports.selectors import UNLISTED, report_visible, reports_visible
from workers.reports.status import report_status
from workers.reports.weeks import NoSuchWeek, Week, week_parse
from workers.runs.quota import room_require
from workers.runs.run_json import notes_json, waits_for_json
from workers.task_types.strict_fields import StrictSerializer


class WeeklyReportListView(APIView):
    """Lists reports, and makes one of a week that has ended."""

    rate_scopes: ClassVar[dict[str, str]] = {"POST": "submit"}

    @described.LIST
    def get(self, request: Request) -> Response:
        wanted = _filter(request)
        found = reports_visible(request.user).filter(**wanted)
        reports = found.defer(*UNLISTED).annotate(place=PLACE)
        pages = ReportPages()
        page = pages.paginate_queryset(reports, request, view=self)
        return pages.get_paginated_response([report_json(report) for report in page or ()])

    @described.MAKE
    def post(self, request: Request) -> Response:
        body = described.WeeklyReportBody(data=request.data)
        body.is_valid(raise_exception=True)
        user: Any = request.user  # the global permission class lets nobody anonymous come here
        started = report_start(
            user_id=user.pk,
            week=_week(body.validated_data.get("week")),
            admit=partial(room_require, user.pk),
        )
        report = report_visible(user, str(started.report and started.report.pk))
        return Response(
            report_told_whole(report),
            status=202 if started.is_new else 200,
            headers={"Location": reverse("weekly-report-detail", args=[report.pk])},
        )


class WeeklyReportDetailView(APIView):
    """Tells one report with its text and facts."""

    @described.READ
    def get(self, request: Request, report_id: str) -> Response:
        return Response(report_told_whole(report_visible(request.user, report_id)))


def report_json(report: WeeklyReport) -> dict[str, Any]:
    """One entry of the list."""
    return {
        "report_id": str(report.pk),
        "user_id": str(report.user_id),
        "week": report.week,
        "starts_at": moment_json(report.starts_at),
        "ends_at": moment_json(report.ends_at),
        "time_zone": report.time_zone,
        "language": report.language,
        "status": (status := report_status(report)),
        "waits_for": waits_for_json(report.run, status) if report.run else None,
        "task_id": str(report.run_id) if report.run_id else None,
        "mail": report.mail_state,
        "notes": notes_json(report.notes),
        "created_at": moment_json(report.created_at),
        "written_at": moment_json(report.written_at),
    }


def report_told_whole(report: WeeklyReport) -> dict[str, Any]:
    """The answer to ``GET /v1/reports/weekly/{id}``."""
    is_written = report.written_at is not None
    return {
        **report_json(report),
        "content": report.content if is_written else None,
        "facts": report.facts if is_written else None,
        "error": None if is_written or report.run is None else report.run.error,
    }


class _Filter(StrictSerializer):
    user = UserId(required=False)


def _filter(request: Request) -> dict[str, Any]:
    wanted = _Filter(data=query_read(request.query_params, ReportPages.parameters))
    wanted.is_valid(raise_exception=True)
    return dict(wanted.validated_data)


def _week(name: str | None) -> Week | None:
    if name is None:
        return None
    try:
        return week_parse(name)
    except NoSuchWeek as error:
        raise UnknownWeek(error.message) from error
