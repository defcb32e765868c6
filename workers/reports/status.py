"""How a report stands."""

from django.utils import timezone

from workers.reports.models import WeeklyReport
from workers.runs.states import Status


def report_status(report: WeeklyReport) -> str:
    """That of the run which writes it; a written report has succeeded for good."""
    if report.written_at:
        return str(Status.SUCCEEDED)
    status = report.run.status_at(timezone.now()) if report.run else Status.FAILED
    # A worker of an older release, which knows no reports, may have done the run.
    return str(Status.FAILED if status == Status.SUCCEEDED else status)
