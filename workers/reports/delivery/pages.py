"""View of a report for pages and mails."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from workers.reports.delivery.figures import tables_of
from workers.reports.delivery.rendering import report_html, text_clean
from workers.reports.delivery.waiting import waits_sentence
from workers.reports.models import WeeklyReport
from workers.reports.weeks import week_parse
from workers.runs.states import OPEN

WRITTEN, WAITING, UNDER_WAY, FAILED = "written", "waiting", "under way", "failed"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A report's week and how it stands."""

    report: WeeklyReport
    first_day: date
    last_day: date
    #: ``written``, ``waiting``, ``under way`` or ``failed``.
    state: str
    #: What a waiting one waits for, as a sentence.
    waits_for: str


def report_shown(report: WeeklyReport, now: datetime) -> Shown:
    """A report at a moment."""
    week = week_parse(report.week)
    waits_for = waits_sentence(report.run, now) if report.run and not report.written_at else ""
    return Shown(
        report=report,
        first_day=week.monday,
        last_day=week.sunday,
        state=WAITING if waits_for else _state(report, now),
        waits_for=waits_for,
    )


def report_values(report: WeeklyReport) -> dict[str, Any]:
    """For the templates: the text of a report, as HTML and as text, what to know about it, and its
    facts as tables."""
    return {
        "html": report_html(report.content),
        "text": text_clean(report.content),
        "notes": [note["detail"] for note in report.notes],
        "facts": tables_of(report.facts),
        "written_by": _written_by(report),
    }


def _written_by(report: WeeklyReport) -> str:
    """A sentence that names the model, where the run is still there to know it."""
    model = report.run.model_used if report.run else ""
    if not model:
        return _("The text was written by a model from your entries.")
    return _("The text was written by the model %(model)s from your entries.") % {"model": model}


def _state(report: WeeklyReport, now: datetime) -> str:
    if report.written_at:
        return WRITTEN
    return UNDER_WAY if report.run and report.run.status_at(now) in OPEN else FAILED
