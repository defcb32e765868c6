"""How a report stands."""

from django.utils import timezone

from workers.models import WeeklyReport
from workers.states import Status


def report_status(report: WeeklyReport) -> str:
    """That of the run which writes it; a written report has succeeded for good."""
    if report.written_at:
        return str(Status.SUCCEEDED)
    return report.run.status_at(timezone.now()) if report.run else str(Status.FAILED)
