"""Pages of runs: a cursor stays right while runs are added."""

from rest_framework.pagination import CursorPagination


class RunPages(CursorPagination):
    """Newest first; ``limit`` from 1 to 100, otherwise 20. ``next`` and ``previous`` are whole
    addresses, or null."""

    ordering = ("-created_at", "-id")
    page_size = 20
    page_size_query_param = "limit"
    max_page_size = 100
    parameters = frozenset({"cursor", "limit"})
