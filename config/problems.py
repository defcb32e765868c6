"""Errors outside the API's views: problem documents below ``/v1/``, pages elsewhere."""

import sys
from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt

from llmconfig.api.database_problems import DatabaseFault
from llmconfig.api.problem_documents import CONTENT_TYPE, problem_document
from llmconfig.database.faults import kind_of
from llmconfig.database.outages import outage_log

API = "/v1/"


@csrf_exempt
def unknown_address(request: HttpRequest) -> HttpResponse:
    """Everything below ``/v1/`` that is no address."""
    return _problem(HTTPStatus.NOT_FOUND, "not_found", _("There is no such address."))


def known_hosts(get_response: Callable[[HttpRequest], HttpResponse]) -> object:
    """Middleware: while DEBUG is on, Django shows a page for developers to who asks by a ``Host``
    that is not served; below ``/v1/`` it is a problem document, with what that page would say."""

    def middleware(request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
        except DisallowedHost as error:
            if request.path_info.startswith(API):
                return _problem(HTTPStatus.BAD_REQUEST, "bad_request", str(error))
        return get_response(request)

    return middleware


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's ``handler400``: for a ``Host`` that is not served here, for example."""
    if request.path_info.startswith(API):
        return _problem(HTTPStatus.BAD_REQUEST, "bad_request", _("The request cannot be used."))
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's ``handler404``."""
    if request.path_info.startswith(API):
        return unknown_address(request)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's ``handler500``, called while the exception is handled."""
    error = sys.exc_info()[1]
    if error is not None and (kind := kind_of(error)):
        outage_log.fault(error)
        return _database_fault(request, DatabaseFault(kind))
    if request.path_info.startswith(API):
        detail = _("The server made an error. It is in its log.")
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", detail)
    return defaults.server_error(request)


def _database_fault(request: HttpRequest, fault: DatabaseFault) -> HttpResponse:
    status, detail = HTTPStatus(fault.status_code), str(fault.detail)
    if request.path_info.startswith(API):
        answer: HttpResponse = _problem(status, str(fault.get_codes()), detail)
    else:
        page = render_to_string("503.html", {"detail": detail})
        answer = HttpResponse(page, status=status)
    answer["Retry-After"] = str(fault.wait)
    return answer


def _problem(status: HTTPStatus, code: str, detail: str) -> JsonResponse:
    body = problem_document(status, code, detail)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)
