"""Every error of the API as RFC 9457 ``application/problem+json``.

Rendered are this project's errors (``status`` and ``code``, with ``detail``, ``errors`` and
``retry_after_seconds`` where there are any), Django REST framework's, Django's, and faults of the
database.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ErrorDetail
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler as framework_handler
from rest_framework.views import set_rollback

from llmconfig.api.database_problems import DatabaseFault
from llmconfig.api.problem_documents import CONTENT_TYPE, problem_document
from llmconfig.database.faults import kind_of
from llmconfig.database.outages import outage_log
from llmconfig.values.errors import BodyTooLarge, ConfigurationError, InvalidPreference
from llmconfig.values.messages import Message
from llmconfig.values.texts import sayable

logger = logging.getLogger(__name__)


class Unusable(APIException):
    """What Django itself refuses to read: a query of too many parts, a form without an end."""

    status_code = 400
    default_code = "bad_request"
    default_detail = _("The request cannot be used.")


class ProblemResponse(Response):
    """JSON also where the view itself renders something else: a page, YAML."""

    @property
    def rendered_content(self) -> Any:
        self.accepted_renderer = JSONRenderer()
        return super().rendered_content


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """Django REST framework's hook; None leaves the error to Django."""
    exc = _translated(exc)
    status, code = getattr(exc, "status", None), getattr(exc, "code", None)
    if isinstance(status, int) and isinstance(code, str):
        set_rollback()
        told = _problem(status, code, _detail(exc), getattr(exc, "errors", None))
        if seconds := getattr(exc, "retry_after_seconds", None):
            told.headers["Retry-After"] = str(seconds)
        return told
    response = framework_handler(exc, dict(context))
    if response is None:
        return _unforeseen(exc)
    told = _of_framework(exc, response)
    for header, value in response.headers.items():
        told.headers.setdefault(header, value)
    return told


def problem_json(exc: Exception) -> dict[str, Any]:
    """The same problem as a part of an answer that tells many outcomes. Raises what is none."""
    response = exception_handler(exc, {})
    if response is None:
        raise exc
    return dict(response.data)


def _unforeseen(exc: Exception) -> Response | None:
    """Left to Django, which logs it and asks ``handler500``; but not while it would answer with a
    page for developers, which no program reads."""
    if not settings.DEBUG:
        return None
    set_rollback()
    logger.error("An error of ours", exc_info=exc)
    detail = gettext("The server made an error. It is in its log.")
    return _problem(500, "internal_error", detail, None)


def _translated(exc: Exception) -> Exception:
    if kind := kind_of(exc):
        outage_log.fault(exc)
        return DatabaseFault(kind)
    if isinstance(exc, RequestDataTooBig):
        return BodyTooLarge()
    if isinstance(exc, BadRequest | SuspiciousOperation | MultiPartParserError):
        return Unusable()
    if isinstance(exc, ValidationError):
        return InvalidPreference(errors=_validation_errors(exc))
    return exc


def _validation_errors(exc: ValidationError) -> dict[str, list[str]]:
    return exc.message_dict if hasattr(exc, "error_dict") else {"non_field_errors": exc.messages}


def _of_framework(exc: Exception, response: Response) -> Response:
    data = response.data
    detail = data.get("detail") if isinstance(data, dict) else None
    if isinstance(detail, ErrorDetail):
        return _problem(response.status_code, detail.code or "error", str(detail), None)
    errors = data if isinstance(data, dict) else {"non_field_errors": data}
    return _problem(response.status_code, "invalid", gettext("The request is not valid."), errors)


def _problem(status: int, code: str, detail: str, errors: Mapping[str, Any] | None) -> Response:
    problem = problem_document(status, code, sayable(detail))
    if errors:
        problem["errors"] = _plain(errors)
    return ProblemResponse(problem, status=status, content_type=CONTENT_TYPE)


def _detail(exc: Exception) -> str:
    if isinstance(exc, ConfigurationError):
        # Its problems are an operator's matter: they stand in the log and in the checks.
        return gettext("The server's configuration cannot be used.")
    message = getattr(exc, "message", None)
    if isinstance(message, Message):
        return message.translate(gettext)
    return str(getattr(exc, "detail", exc))


def _plain(errors: Any) -> Any:
    if isinstance(errors, Message):
        return sayable(errors.translate(gettext))
    if isinstance(errors, Mapping):
        return {sayable(str(key)): _plain(value) for key, value in errors.items()}
    if isinstance(errors, list | tuple):
        return [_plain(value) for value in errors]
    return sayable(str(errors))
