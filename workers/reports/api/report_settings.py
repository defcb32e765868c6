"""``/v1/reports/settings``: when and how the caller has the weekly report."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from llmconfig.api.parsers import body_of
from llmconfig.api.problem_responses import problems
from workers.reports.errors import UnknownLanguage, UnknownTimeZone
from workers.reports.models import Delivery, ReportSettings, Weekday
from workers.reports.wishes import (
    FIELDS,
    wishes_change,
    wishes_of,
    wishes_replace,
    wishes_reset,
)
from workers.task_types.strict_fields import Flag, StrictSerializer, Text, WholeNumber

EXAMPLE = OpenApiExample(
    "Wednesdays at ten",
    value={
        "enabled": True,
        "weekday": 3,
        "hour": 10,
        "time_zone": "Europe/Berlin",
        "language": "de",
        "delivery": "mail",
    },
)
COMMON: dict[str, Any] = {"tags": ["reports"], "examples": [EXAMPLE]}


@extend_schema_field({"type": "string", "maxLength": 64, "pattern": r"^[^\x00]+$"})
class Zone(Text):
    """A name, or "" for the server's."""


@extend_schema_field({"type": "string", "maxLength": 35, "pattern": r"^[^\x00]+$"})
class Language(Text):
    """A tag, or "" for the server's."""


class ReportSettingsBody(StrictSerializer):
    """What may be left out is the default, or with PATCH stays as it is."""

    enabled = Flag(required=False, help_text="Whether there is a report.")
    weekday = WholeNumber(
        min_value=1, max_value=7, required=False, help_text="1 is Monday, 7 Sunday (ISO 8601)."
    )
    hour = WholeNumber(min_value=0, max_value=23, required=False, help_text="In the time zone.")
    time_zone = Zone(
        max_length=64,
        allow_blank=True,
        required=False,
        help_text="A name of the IANA database; empty: the server's.",
    )
    language = Language(
        max_length=35,
        allow_blank=True,
        required=False,
        help_text="A language tag; empty: the server's.",
    )
    delivery = serializers.ChoiceField(choices=Delivery.values, required=False)


class ReportSettingsShape(serializers.Serializer[Any]):
    """When and how the caller has the weekly report."""

    enabled = serializers.BooleanField()
    weekday = serializers.ChoiceField(choices=Weekday.values)
    hour = serializers.IntegerField(min_value=0, max_value=23)
    time_zone = serializers.CharField(max_length=64, allow_blank=True)
    language = serializers.CharField(max_length=35, allow_blank=True)
    delivery = serializers.ChoiceField(choices=Delivery.values)


class ReportSettingsView(APIView):
    """The caller's own. Who has stored none has the defaults."""

    rate_scopes: ClassVar[dict[str, str]] = {
        "PUT": "config_write", "PATCH": "config_write", "DELETE": "config_write",
    }  # fmt: skip

    @extend_schema(
        operation_id="get_report_settings",
        summary="Read when and how I have the weekly report",
        description="Who has stored nothing has the defaults: Mondays at 7, by mail.",
        responses={200: ReportSettingsShape},
        **COMMON,
    )
    def get(self, request: Request) -> Response:
        return _response(wishes_of(_me(request)))

    @extend_schema(
        operation_id="replace_report_settings",
        summary="Replace when and how I have the weekly report",
        description="What is left out is the default.",
        request=ReportSettingsBody,
        responses={200: ReportSettingsShape, **problems(UnknownTimeZone, UnknownLanguage)},
        **COMMON,
    )
    def put(self, request: Request) -> Response:
        return _response(wishes_replace(_me(request), _stated(request)))

    @extend_schema(
        operation_id="change_report_settings",
        summary="Change when and how I have the weekly report",
        description="What is left out stays as it is.",
        request=ReportSettingsBody,
        responses={200: ReportSettingsShape, **problems(UnknownTimeZone, UnknownLanguage)},
        **COMMON,
    )
    def patch(self, request: Request) -> Response:
        return _response(wishes_change(_me(request), _stated(request)))

    @extend_schema(
        operation_id="reset_report_settings",
        summary="Return to the defaults",
        description="Mondays at 7, by mail.",
        request=None,
        responses={200: ReportSettingsShape},
        **COMMON,
    )
    def delete(self, request: Request) -> Response:
        return _response(wishes_reset(_me(request)))


def _stated(request: Request) -> dict[str, Any]:
    body = ReportSettingsBody(data=body_of(request))
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def _me(request: Request) -> int:
    user: Any = request.user  # the global permission class lets nobody anonymous come here
    return int(user.pk)


def _response(wishes: ReportSettings) -> Response:
    return Response({name: getattr(wishes, name) for name in FIELDS})
