"""Pages of runs: a cursor stays right while runs are added."""

from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from llmconfig.api.pages import StrictPages


class RunPages(StrictPages):
    """Newest first."""

    ordering = ("-created_at", "-id")
    parameters = frozenset({"cursor", "limit"})

    def decode_cursor(self, request: Request) -> Any:
        """Raises ``NotFound`` for a cursor that no page gave."""
        cursor = super().decode_cursor(request)
        position = getattr(cursor, "position", None)
        if position is not None and not _is_moment(position):
            raise NotFound(self.invalid_cursor_message)
        return cursor


def _is_moment(text: str) -> bool:
    try:
        return parse_datetime(text) is not None
    except ValueError:
        return False
