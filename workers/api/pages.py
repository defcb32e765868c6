"""Pages of runs: a cursor stays right while runs are added."""

from django.utils.dateparse import parse_datetime

from llmconfig.api.pages import StrictPages


class RunPages(StrictPages):
    """Newest first."""

    ordering = ("-created_at", "-id")

    def is_position(self, text: str) -> bool:
        try:
            return parse_datetime(text) is not None
        except ValueError:
            return False
