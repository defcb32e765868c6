"""One error as a document after RFC 9457, the same whoever answers it."""

from http import HTTPStatus
from typing import Any

CONTENT_TYPE = "application/problem+json"


def problem_document(status: int, code: str, detail: str) -> dict[str, Any]:
    """The document; ``code`` is a stable word, ``detail`` a sentence for people."""
    return {
        "type": "about:blank",
        "title": phrase(status),
        "status": int(status),
        "code": code,
        "detail": detail,
    }


def phrase(status: int) -> str:
    """The words of a status, the same with every Python."""
    return "Content Too Large" if status == 413 else HTTPStatus(status).phrase
