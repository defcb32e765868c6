import json

import pytest
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    ValidationError,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import override
from rest_framework import exceptions

from llmconfig.api import problems
from llmconfig.api.problems import exception_handler
from llmconfig.database.outages import OutageLog
from llmconfig.values.errors import (
    BodyTooLarge,
    ConfigurationError,
    InvalidPreference,
    ModelNotAllowed,
    Problem,
    UnknownTaskType,
)
from llmconfig.values.messages import Message
from tests.llmconfig.database.errors import database_error

pytestmark = pytest.mark.django_db


class Foreign(Exception):
    """An error of another package with the same attributes."""

    status = 413
    code = "payload_too_large"
    detail = "Too much."
    errors = None


CASES = [
    (UnknownTaskType("X", ["A"]), 400, "unknown_task_type", "'X' is unknown; accepted: A."),
    (ModelNotAllowed("phi4"), 409, "model_not_allowed", "The model phi4 is not allowed here."),
    (Foreign(), 413, "payload_too_large", "Too much."),
    (exceptions.NotAuthenticated(), 401, "not_authenticated", "credentials were not provided"),
    (exceptions.PermissionDenied(), 403, "permission_denied", "do not have permission"),
    (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed", "PUT"),
    (exceptions.ParseError("bad"), 400, "parse_error", "bad"),
    (exceptions.Throttled(wait=3), 429, "throttled", "throttled"),
    (exceptions.ValidationError({"a": ["b"]}), 400, "invalid", "not valid"),
    (exceptions.ValidationError(["b"]), 400, "invalid", "not valid"),
    (Http404(), 404, "not_found", "No"),
    (PermissionDenied(), 403, "permission_denied", "permission"),
    (ValidationError({"model": ["bad"]}), 400, "invalid", "not valid"),
    (ValidationError("bad"), 400, "invalid", "not valid"),
    (TooManyFieldsSent("1001"), 400, "bad_request", "cannot be used"),
    (MultiPartParserError("no boundary"), 400, "bad_request", "cannot be used"),
    (BadRequest("odd"), 400, "bad_request", "cannot be used"),
    (RequestDataTooBig(), 413, "body_too_large", "too large"),
    (OperationalError("connection refused"), 503, "database_unavailable", "cannot be reached"),
    (InterfaceError("closed"), 503, "database_unavailable", "cannot be reached"),
]


@pytest.mark.parametrize(
    ("exc", "status", "code", "detail"), CASES, ids=lambda case: str(case)[:30]
)
def test_every_error_is_a_problem(exc, status, code, detail):
    answer = exception_handler(exc, {})
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.data["status"] == status
    assert (answer.data["type"], answer.data["code"]) == ("about:blank", code)
    assert detail in answer.data["detail"]
    assert answer.data["title"]


def test_a_status_has_the_words_of_its_description_with_every_python():
    assert exception_handler(BodyTooLarge(), {}).data["title"] == "Content Too Large"


def test_field_errors_are_nested_as_the_fields_are():
    errors = {"model": [Message("bad")], "parameters": {"seed": [Message("worse")]}}
    answer = exception_handler(InvalidPreference(errors=errors), {})
    assert answer.data["errors"] == {"model": ["bad"], "parameters": {"seed": ["worse"]}}


def test_frameworks_field_errors_are_kept():
    answer = exception_handler(exceptions.ValidationError({"a": ["b"]}), {})
    assert answer.data["errors"] == {"a": ["b"]}


def test_an_error_names_what_is_no_text_by_its_escapes():
    errors = {"\ud800": ["\ud800 and \0 are unknown"]}
    answer = exception_handler(exceptions.ValidationError(errors), {})
    answer.accepted_media_type = "application/json"
    answer.renderer_context = {}
    told = json.loads(answer.rendered_content.decode("utf-8", "strict"))["errors"]
    assert told == {"\\ud800": ["\\ud800 and \\x00 are unknown"]}


@pytest.mark.parametrize(
    ("sqlstate", "code", "words"),
    [
        ("08006", "database_unavailable", "cannot be reached"),
        ("25006", "database_read_only", "takes no changes"),
        ("53100", "database_full", "out of disk space"),
        ("53300", "database_busy", "No connection"),
        ("40P01", "database_conflict", "at the same time"),
        ("57014", "database_timeout", "took too long"),
        ("55P03", "database_timeout", "took too long"),
        ("58030", "database_error", "server's log"),
    ],
)
def test_a_fault_of_the_database_is_told_as_what_it_is(sqlstate, code, words, caplog, monkeypatch):
    monkeypatch.setattr(problems, "outage_log", OutageLog())
    answer = exception_handler(database_error(sqlstate, "table t, host h"), {})
    assert (answer.status_code, answer.data["code"]) == (503, code)
    assert words in answer.data["detail"]
    assert "host h" not in str(answer.data)
    assert int(answer.headers["Retry-After"]) > 0
    assert "table t, host h" in caplog.text


def test_a_throttled_caller_is_told_when_to_return():
    assert exception_handler(exceptions.Throttled(wait=3), {}).headers["Retry-After"] == "3"


def test_an_operators_files_are_not_told_to_callers():
    problem = Problem(place="/etc/llm.yaml:3", key="x", message=Message("y"))
    answer = exception_handler(ConfigurationError([problem]), {})
    assert (answer.status_code, answer.data["code"]) == (500, "configuration_error")
    assert "llm.yaml" not in str(answer.data)


def test_a_programming_error_is_left_to_django():
    assert exception_handler(KeyError("x"), {}) is None


def test_texts_go_through_translation():
    with override("en"):
        assert exception_handler(ModelNotAllowed("a"), {}).data["detail"].startswith("The model a")


def test_an_error_of_ours_is_djangos_to_answer(settings):
    settings.DEBUG = False
    assert exception_handler(ZeroDivisionError("secret"), {}) is None


def test_an_error_of_ours_is_no_page_for_developers(settings, caplog):
    settings.DEBUG = True
    answer = exception_handler(ZeroDivisionError("secret"), {})
    assert (answer.status_code, answer.data["code"]) == (500, "internal_error")
    assert "secret" not in str(answer.data)
    assert "ZeroDivisionError: secret" in caplog.text
