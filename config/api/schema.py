"""What every operation's description has without saying so: the errors that can happen to any."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import AllowAny

from llmconfig.api.problem_responses import problems

ALWAYS = (406, 429, 503)
WITH_BODY = (400, 413, 415)
WITH_LOGIN = (401, 403)

RETRY_AFTER = OpenApiParameter(
    "Retry-After",
    int,
    OpenApiParameter.HEADER,
    response=[429],
    description="Seconds until the next request is taken.",
)
WWW_AUTHENTICATE = OpenApiParameter(
    "WWW-Authenticate",
    str,
    OpenApiParameter.HEADER,
    response=[401],
    description="How to log in: `Token`.",
)


class Schema(AutoSchema):
    """The framework's ``DEFAULT_SCHEMA_CLASS``."""

    def get_response_serializers(self) -> Any:
        told: Any = super().get_response_serializers()
        if not isinstance(told, dict):
            told = {200: told}
        stated = {key[0] if isinstance(key, tuple) else int(key) for key in told}
        missing = [status for status in self._usual_statuses() if status not in stated]
        return {**told, **problems(*missing)}

    def get_override_parameters(self) -> list[Any]:
        login = [WWW_AUTHENTICATE] if self._needs_login() else []
        return [*super().get_override_parameters(), RETRY_AFTER, *login]

    def _get_response_for_code(self, serializer: Any, status_code: str, *rest: Any) -> Any:
        untyped: Any = super()
        told = untyped._get_response_for_code(serializer, status_code, *rest)
        return {**told, "description": told["description"] or HTTPStatus(int(status_code)).phrase}

    def _usual_statuses(self) -> tuple[int, ...]:
        body = WITH_BODY if self._takes_body() else ()
        return (*ALWAYS, *body, *(WITH_LOGIN if self._needs_login() else ()))

    def _takes_body(self) -> bool:
        return self.method in ("POST", "PUT", "PATCH") and self.get_request_serializer() is not None

    def _needs_login(self) -> bool:
        permissions = self.view.get_permissions()
        return bool(permissions) and not any(isinstance(each, AllowAny) for each in permissions)
