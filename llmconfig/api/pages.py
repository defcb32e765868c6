"""Pages of lists that grow: a cursor stays right while rows are added."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from llmconfig.errors import InvalidPreference
from llmconfig.kinds import Integer, Refused
from llmconfig.messages import Message, gettext_noop

MAX_PAGE = 100

#: For the API's description of a list.
PAGE = [
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 20},
        description="How many on one page.",
    ),
    OpenApiParameter("cursor", str, description="From `next` or `previous` of another page."),
]


class StrictPages(CursorPagination):
    """``limit`` from 1 to 100, otherwise 20. ``next`` and ``previous`` are whole addresses, or
    null."""

    page_size = 20
    page_size_query_param = "limit"
    max_page_size = MAX_PAGE
    limit = Integer(1, MAX_PAGE)

    def get_page_size(self, request: Request) -> int | None:
        """Raises ``InvalidPreference`` for a limit out of bounds."""
        text = request.query_params.get(self.page_size_query_param)
        if text is None:
            return self.page_size
        try:
            return self.limit.parse(int(text) if text.isascii() and text.isdecimal() else text)
        except (Refused, ValueError):
            invalid = Message(gettext_noop("The request is not valid."))
            accepted = Refused(self.limit.accepted).message
            raise InvalidPreference(invalid, errors={"limit": [accepted]}) from None


#: Of the longest number that a row may have.
_DIGITS = 19


class NumberedPages(StrictPages):
    """Of rows that are ordered by a number."""

    def decode_cursor(self, request: Request) -> Any:
        """Raises ``NotFound`` for a cursor that no page gave."""
        cursor = super().decode_cursor(request)
        position = getattr(cursor, "position", None)
        if position is not None and not _is_number(position):
            raise NotFound(self.invalid_cursor_message)
        return cursor


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _DIGITS
