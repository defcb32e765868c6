"""How an operation's description tells its errors: RFC 9457 problem documents.

``@extend_schema(responses={200: Shape, **problems(404, RunFinished)})``. What can happen to every
operation (401, 403, 406, 429, 503; 400, 413 and 415 where there is a body) is added by
``config.api.schema`` and need not be told.
"""

from collections import defaultdict
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers
from rest_framework.exceptions import APIException

from llmconfig.api.database_problems import ANSWERS, DatabaseFault
from llmconfig.api.problem_documents import CONTENT_TYPE, phrase, problem_document

#: The code and an example's words of a status that is told by its number alone.
USUAL = {
    400: ("invalid", "The request is not valid."),
    401: ("not_authenticated", "Authentication credentials were not provided."),
    403: ("permission_denied", "You do not have permission to perform this action."),
    404: ("not_found", "Not found."),
    406: ("not_acceptable", "Could not satisfy the request Accept header."),
    409: ("edit_conflict", "Others are saving. Nothing was changed; try again."),
    412: ("precondition_failed", "The preferences have changed since you read them."),
    413: ("body_too_large", "The body of the request is too large."),
    415: ("unsupported_media_type", 'Unsupported media type "text/plain" in request.'),
    429: ("throttled", "Request was throttled. Expected available in 7 seconds."),
}

Told = int | type[Exception]
Responses = dict[tuple[int, str], OpenApiResponse]


class Problem(serializers.Serializer[Any]):
    """An error after RFC 9457. `code` is stable; `errors` tells, field by field, what is wrong."""

    type = serializers.URLField(help_text="Always `about:blank`: `code` tells the kind.")
    title = serializers.CharField(help_text="The words of the HTTP status.")
    status = serializers.IntegerField(min_value=400, max_value=599)
    code = serializers.CharField(help_text="A word for programs; it does not change.")
    detail = serializers.CharField(help_text="What was wrong, in a sentence for people.")
    errors = serializers.DictField(  # type: ignore[assignment]  # DRF keeps fields apart
        child=serializers.JSONField(),
        required=False,
        help_text="By field: a list of sentences, or an object of the same form for what is inside"
        " of it.",
    )


def problems(*told: Told) -> Responses:
    """The error responses of an operation: each a status, or an error class with its own code."""
    by_status: dict[int, dict[str, str]] = defaultdict(dict)
    for each in told:
        for status, code, detail in _facts(each):
            by_status[status].setdefault(code, detail)
    return {
        (status, CONTENT_TYPE): OpenApiResponse(
            Problem,
            description=f"{phrase(status)}: {', '.join(f'`{code}`' for code in codes)}.",
            examples=[_example(status, code, detail) for code, detail in codes.items()],
        )
        for status, codes in sorted(by_status.items())
    }


def _facts(told: Told) -> list[tuple[int, str, str]]:
    if told == DatabaseFault.status_code:
        return [(told, code, str(detail)) for code, detail, _wait in ANSWERS.values()]
    if isinstance(told, int):
        return [(told, *USUAL[told])]
    facts: Any = told
    detail = str(vars(told).get("default_detail") or _first_line(told))
    if issubclass(told, APIException):
        return [(facts.status_code, facts.default_code, detail)]
    return [(facts.status, facts.code, detail)]


def _first_line(told: type[Exception]) -> str:
    return (told.__doc__ or "").strip().partition("\n")[0]


def _example(status: int, code: str, detail: str) -> OpenApiExample:
    value = problem_document(status, code, detail)
    if code == "invalid":
        value["errors"] = {"task_type": ["This field is required."]}
    return OpenApiExample(
        code, value=value, response_only=True, status_codes=[str(status)], media_type=CONTENT_TYPE
    )
