"""What is answered without asking Django: problem documents, like every error of the API."""

import json
from functools import cache
from http import HTTPStatus
from typing import Any

from llmconfig.api.problem_documents import CONTENT_TYPE, problem_document

RETRY_SECONDS = 5

#: By status: the code, and words for people.
PROBLEMS = {
    408: ("body_too_slow", "The body of the request did not come in time."),
    413: ("body_too_large", "The body of the request is too large."),
    503: ("overloaded", "Too many requests are waiting. Try again later."),
}


@cache
def refusal(status: HTTPStatus) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two messages of the answer."""
    code, detail = PROBLEMS[status]
    body = json.dumps(problem_document(status, code, detail)).encode()
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
    else:
        # What still comes of the body is read by nobody.
        headers.append((b"connection", b"close"))
    return (
        {"type": "http.response.start", "status": int(status), "headers": headers},
        {"type": "http.response.body", "body": body},
    )
