"""Pages of runs and of reports: a cursor stays right while some are added."""

import re

from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.utils.dateparse import parse_datetime

from llmconfig.api.pages import StrictPages

_PLACE = re.compile(r"[0-9]{4}[0-9 :+-]{18} [0-9a-f-]{36}", re.ASCII)


class RunPages(StrictPages):
    """Newest first."""

    ordering = ("-created_at", "-id")

    def is_position(self, text: str) -> bool:
        try:
            return parse_datetime(text) is not None
        except ValueError:
            return False


#: Weeks of many people begin at one moment: with its number behind it, each report has a place of
#: its own.
PLACE = Concat(Cast("starts_at", CharField()), Value(" "), Cast("id", CharField()))


class ReportPages(StrictPages):
    """The newest weeks first, of reports that are annotated with ``place=PLACE``."""

    ordering = ("-place",)

    def is_position(self, text: str) -> bool:
        return _PLACE.fullmatch(text) is not None
