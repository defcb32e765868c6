"""What every operation's description has without saying so: the errors that can happen to any."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework.permissions import AllowAny

from llmconfig.api.problem_documents import CONTENT_TYPE, phrase
from llmconfig.api.problem_responses import problems

ALWAYS = (406, 429, 503)
WITH_BODY = (400, 413, 415)
WITH_LOGIN = (401, 403)

#: Headers that a status always has.
HEADERS: dict[str, dict[str, Any]] = {
    "401": {
        "WWW-Authenticate": {
            "schema": {"type": "string"},
            "description": "How to log in: `Token`.",
        }
    },
    "429": {
        "Retry-After": {
            "schema": {"type": "integer", "minimum": 1},
            "description": "Seconds until the next request is taken.",
        }
    },
    "503": {
        "Retry-After": {
            "schema": {"type": "integer", "minimum": 1},
            "description": "Seconds until the same request may succeed.",
        }
    },
}


class Schema(AutoSchema):
    """The framework's ``DEFAULT_SCHEMA_CLASS``."""

    # What ``extend_schema`` replaces for an operation is above this class: the usual statuses and
    # headers are added where it does not reach.
    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        untyped: Any = super()
        told: dict[str, Any] = untyped._get_response_bodies(direction)
        for (status, kind), response in problems(*self._usual_statuses()).items():
            usual = self._get_response_for_code(response, str(status), [kind], direction)
            told[str(status)] = _together(told.get(str(status)), usual)
        return dict(sorted(told.items()))

    def _get_request_body(self, direction: str = "request") -> Any:
        untyped: Any = super()
        told = untyped._get_request_body(direction)
        # What is put is there, also where every member of it may be absent.
        is_put = self.method in ("PUT", "PATCH")
        return {**told, "required": True} if told and (is_put or self._is_choice()) else told

    def _get_format_parameters(self) -> list[Any]:
        # The media type is asked for by Accept.
        return []

    def _is_choice(self) -> bool:
        return isinstance(self.get_request_serializer(), PolymorphicProxySerializer)

    def _get_response_headers_for_code(self, status_code: str, *rest: Any) -> dict[str, Any]:
        untyped: Any = super()
        told = untyped._get_response_headers_for_code(status_code, *rest)
        return {**told, **HEADERS.get(status_code, {})}

    def _get_response_for_code(
        self, serializer: Any, status_code: str, *rest: Any, **more: Any
    ) -> Any:
        untyped: Any = super()
        told = untyped._get_response_for_code(serializer, status_code, *rest, **more)
        return {**told, "description": told["description"] or phrase(int(status_code))}

    def _usual_statuses(self) -> tuple[int, ...]:
        body = WITH_BODY if self._takes_body() else ()
        return (*ALWAYS, *body, *(WITH_LOGIN if self._needs_login() else ()))

    def _takes_body(self) -> bool:
        return self.method in ("POST", "PUT", "PATCH") and self.get_request_serializer() is not None

    def _needs_login(self) -> bool:
        permissions = self.view.get_permissions()
        return bool(permissions) and not any(isinstance(each, AllowAny) for each in permissions)


def _together(told: Any, usual: Any) -> Any:
    """The operation's own problems of a status, and those that any operation may have."""
    own = ((told or {}).get("content") or {}).get(CONTENT_TYPE)
    if own is None:
        return told or usual
    examples = {**own["examples"], **usual["content"][CONTENT_TYPE]["examples"]}
    codes = ", ".join(f"`{example['value']['code']}`" for example in examples.values())
    phrase = usual["description"].partition(":")[0]
    content = {CONTENT_TYPE: {**own, "examples": examples}}
    return {**usual, **told, "content": content, "description": f"{phrase}: {codes}."}
