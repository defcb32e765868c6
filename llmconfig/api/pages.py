"""Pages of lists that grow: a cursor stays right while rows are added."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from llmconfig.values.errors import InvalidPreference
from llmconfig.values.kinds import Integer, Refused
from llmconfig.values.messages import Message, gettext_noop

MAX_PAGE, DEFAULT_PAGE = 100, 20

#: For the API's description of a list.
PAGE = [
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_PAGE},
        description="How many on one page.",
    ),
    OpenApiParameter(
        "cursor",
        str,
        description="From `next` or `previous` of another page; 404 for what no page gave.",
    ),
]


class StrictPages(CursorPagination):
    """``limit`` from 1 to 100, otherwise 20. ``next`` and ``previous`` are whole addresses, or
    null."""

    #: What a page takes from an address; all else is a filter's.
    parameters = frozenset({"cursor", "limit"})
    page_size = DEFAULT_PAGE
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

    def decode_cursor(self, request: Request) -> Any:
        """Raises ``NotFound`` for a cursor that no page gave."""
        cursor = super().decode_cursor(request)
        position = getattr(cursor, "position", None)
        if position is not None and not self.is_position(position):
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def is_position(self, text: str) -> bool:
        """Whether a row may stand there: the database is not asked for anything else."""
        raise NotImplementedError


#: Of the longest number that a row may have.
_DIGITS = 19


class NumberedPages(StrictPages):
    """Of rows that are ordered by a number."""

    def is_position(self, text: str) -> bool:
        return text.isascii() and text.isdecimal() and len(text) <= _DIGITS
