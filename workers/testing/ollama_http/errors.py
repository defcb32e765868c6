"""What a request is answered with when it is refused.

Exception
├── BadHttp         no HTTP: 400 in plain text, and the connection is closed
└── RequestError    a status and Ollama's ``{"error": text}``
    └── Mistyped    a field of another type than Ollama's; the rest of the body is still read
"""

import json
from http import HTTPStatus


class BadHttp(Exception):
    """Bytes that are no request."""


class RequestError(Exception):
    """A request that is answered with ``status`` and ``message``."""

    def __init__(self, message: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class Mistyped(RequestError):
    """A field whose value has another type than Ollama's."""


def too_large(limit: int) -> RequestError:
    message = f"request body too large: at most {limit} bytes"
    return RequestError(message, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def runner_error(message: str, kind: str = "invalid_request_error", **facts: int) -> RequestError:
    """An error of Ollama's runner, passed on by Ollama as it came: JSON, in a text."""
    error = {"code": 400, "message": message, "type": kind, **facts}
    text = json.dumps({"error": error}, separators=(",", ":"), ensure_ascii=False)
    return RequestError(text)
