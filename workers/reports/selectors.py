"""Reads of reports that a person may see."""

import uuid

from django.db.models import QuerySet

from workers.reports.errors import UnknownReport
from workers.reports.models import WeeklyReport
from workers.runs.selectors import Person

#: Large columns of a report and its run that no list of reports shows.
UNLISTED = (
    "content",
    "facts",
    *(f"run__{name}" for name in ("payload", "result", "llm_config", "error", "notes")),
)


def reports_visible(person: Person) -> QuerySet[WeeklyReport]:
    """A person's own reports; staff see all."""
    reports = WeeklyReport.objects.select_related("run")
    return reports if getattr(person, "is_staff", False) else reports.filter(user_id=str(person.pk))


def report_visible(person: Person, report_id: str) -> WeeklyReport:
    """One of them. Raises ``UnknownReport`` for everything else."""
    try:
        return reports_visible(person).get(pk=uuid.UUID(report_id))
    except (ValueError, WeeklyReport.DoesNotExist):
        raise UnknownReport from None
