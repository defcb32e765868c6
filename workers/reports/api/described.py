"""How the operations of ``/v1/reports/weekly`` describe themselves."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers

from llmconfig.api.pages import PAGE
from llmconfig.api.problem_responses import problems
from llmconfig.api.schemas import Shape
from llmconfig.values.errors import NoAllowedModel
from workers.api.filters import USER_ID
from workers.api.schemas import Note, RunError, Usage, WaitsFor
from workers.reports.errors import (
    NoActivity,
    UnknownReport,
    UnknownWeek,
    WeekNotEnded,
    WeekTooOld,
)
from workers.reports.models import MailState
from workers.runs.errors import TooManyActiveRuns
from workers.runs.states import Status
from workers.task_types.strict_fields import StrictSerializer, Text

TAGS = ["reports"]
ID = "0b9d9a58-4c1f-4f0e-9a55-0c2f9f6b8f10"
WEEK = r"^[0-9]{4}-W[0-9]{2}$"

LOCATION = OpenApiParameter(
    "Location",
    str,
    OpenApiParameter.HEADER,
    response=[200, 202],
    description="Where the report is told.",
)
REPORT_ID = OpenApiParameter(
    "report_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="A report of one's own."
)
USER = OpenApiParameter(
    "user",
    {"type": "string", "pattern": USER_ID},
    description="Those of this user; for staff.",
)


class WeekField(serializers.RegexField, Text):
    """``2026-W47``; a number is none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(WEEK, max_length=8, trim_whitespace=False, **options)


class WeeklyReportBody(StrictSerializer):
    """Which week; without one, the last that has ended in the caller's time zone."""

    week = WeekField(required=False, help_text="ISO 8601, for example 2026-W47.")


class ReportModel(Shape):
    """What one model did."""

    model = serializers.CharField()
    attempts = serializers.IntegerField(min_value=0)
    answers = serializers.IntegerField(min_value=0, help_text="Runs that it answered.")
    prompt_tokens = serializers.IntegerField(min_value=0)
    completion_tokens = serializers.IntegerField(min_value=0)
    model_seconds = serializers.FloatField(min_value=0, help_text="Over all its attempts.")


class ReportRuns(Shape):
    """The runs that ended in the week."""

    total = serializers.IntegerField(min_value=0)
    by_task_type = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField(min_value=1)),
        help_text="By task type, then by status.",
    )


class ReportFallback(Shape):
    """Why the fallback answered: how the last attempt of the other model ended."""

    to = serializers.CharField()
    outcome = serializers.CharField()
    cause = serializers.CharField(allow_null=True)
    runs = serializers.IntegerField(min_value=1)

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.CharField(), **super().get_fields()}


class ReportFeedback(Shape):
    """What the user thought of results, by when they said so last."""

    good = serializers.IntegerField(min_value=0)
    bad = serializers.IntegerField(min_value=0)


class ReportCost(Shape):
    """What writing the report took, which belongs to no week."""

    parts = serializers.IntegerField(min_value=0, help_text="Runs it was written from.")
    models = ReportModel(many=True)
    usage = Usage()
    model_seconds = serializers.FloatField(min_value=0)


class ReportFacts(Shape):
    """Counted from the rows of the week's runs and attempts, never written by a model."""

    runs = ReportRuns()
    models = ReportModel(many=True)
    fallbacks = ReportFallback(many=True)
    usage = Usage()
    model_seconds = serializers.FloatField(min_value=0)
    feedback = ReportFeedback()
    report = ReportCost()


class WeeklyReportTold(Shape):
    """A report in a list."""

    report_id = serializers.UUIDField()
    user_id = serializers.CharField()
    week = serializers.CharField()
    starts_at = serializers.DateTimeField(help_text="The week's first moment.")
    ends_at = serializers.DateTimeField(help_text="The next week's first moment.")
    time_zone = serializers.CharField()
    language = serializers.CharField()
    status = serializers.ChoiceField(
        choices=Status.values, help_text="`succeeded`: it is written; else that of its task."
    )
    waits_for = WaitsFor(allow_null=True)
    task_id = serializers.UUIDField(
        allow_null=True, help_text="The task that writes or wrote it, as long as that is kept."
    )
    mail = serializers.ChoiceField(choices=MailState.values)
    notes = Note(many=True, help_text="About how the text was written; usually none.")
    created_at = serializers.DateTimeField()
    written_at = serializers.DateTimeField(allow_null=True)


class WeeklyReportWhole(WeeklyReportTold):
    """A report with its text and facts."""

    content = serializers.CharField(
        allow_null=True, help_text="Markdown that a model wrote: sanitise it before it is shown."
    )
    facts = ReportFacts(allow_null=True)
    error = RunError(allow_null=True)


class WeeklyReportPage(Shape):
    """The newest weeks first."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = WeeklyReportTold(many=True)


_TOLD: dict[str, Any] = {
    "report_id": ID,
    "user_id": "7",
    "week": "2026-W47",
    "starts_at": "2026-11-15T23:00:00Z",
    "ends_at": "2026-11-22T23:00:00Z",
    "time_zone": "Europe/Berlin",
    "language": "en",
    "status": "succeeded",
    "waits_for": None,
    "task_id": "7f2c1f0e-4f6b-4c39-9d0e-3b1f6a2d5c11",
    "mail": "sent",
    "notes": [],
    "created_at": "2026-11-23T06:00:00Z",
    "written_at": "2026-11-23T06:00:40Z",
}
_USAGE = {"prompt_tokens": 5210, "completion_tokens": 801}
_MODEL = {
    "model": "llama3.2:3b",
    "attempts": 12,
    "answers": 11,
    **_USAGE,
    "model_seconds": 31.4,
}
_WHOLE = {
    **_TOLD,
    "content": "## What was done\n\nThe import is twice as fast.",
    "facts": {
        "runs": {"total": 11, "by_task_type": {"TASK_TYPE_INSIGHT_GENERATION": {"succeeded": 11}}},
        "models": [_MODEL],
        "fallbacks": [],
        "usage": _USAGE,
        "model_seconds": 31.4,
        "feedback": {"good": 2, "bad": 0},
        "report": {
            "parts": 0,
            "models": [{**_MODEL, "attempts": 1, "answers": 1}],
            "usage": _USAGE,
            "model_seconds": 31.4,
        },
    },
    "error": None,
}
_BEGUN = {
    **_WHOLE,
    "status": "queued",
    "mail": "none",
    "written_at": None,
    "content": None,
    "facts": None,
}

LIST = extend_schema(
    operation_id="list_weekly_reports",
    tags=TAGS,
    summary="List weekly reports",
    description="One's own, the newest weeks first; staff see everybody's.",
    parameters=[USER, *PAGE],
    responses={200: WeeklyReportPage, **problems(400, 404)},
    examples=[
        OpenApiExample(
            "page", value={"next": None, "previous": None, "results": [_TOLD]}, response_only=True
        )
    ],
)
MAKE = extend_schema(
    operation_id="make_weekly_report",
    tags=TAGS,
    summary="Make my report of a week now",
    description="Of a week that has ended. A person has one report of a week: one that is there, or"
    " is being written, is told (200). One that failed is written again by a new task (202).",
    parameters=[LOCATION],
    request=WeeklyReportBody,
    responses={
        200: WeeklyReportWhole,
        202: WeeklyReportWhole,
        **problems(
            400,
            UnknownWeek,
            WeekNotEnded,
            WeekTooOld,
            NoActivity,
            NoAllowedModel,
            TooManyActiveRuns,
        ),
    },
    examples=[
        OpenApiExample("one week", value={"week": "2026-W47"}, request_only=True),
        OpenApiExample("there", value=_WHOLE, response_only=True, status_codes=["200"]),
        OpenApiExample("begun", value=_BEGUN, response_only=True, status_codes=["202"]),
    ],
)
READ = extend_schema(
    operation_id="get_weekly_report",
    tags=TAGS,
    summary="Read a weekly report",
    description="Its text, and the facts of the week beside it.",
    parameters=[REPORT_ID],
    responses={200: WeeklyReportWhole, **problems(UnknownReport)},
    examples=[OpenApiExample("written", value=_WHOLE, response_only=True)],
)
