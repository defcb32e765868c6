"""How a report is written: from the week in one go, or in parts that are summarised and joined.

The run of a report names its report; what it is written from is read when a worker has it, so that
a hundred thousand waiting runs hold no text.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from llmconfig.values.types import ResolvedConfig
from workers.reports import asking
from workers.reports.asking import Asking
from workers.reports.budgets import prompt_budget
from workers.reports.entries import TooMuch, material_read
from workers.reports.errors import RunIsPart, UnknownReport
from workers.reports.facts import Span, cost_of, facts_of
from workers.reports.making import report_again
from workers.reports.models import Delivery, MailState, ReportSettings, WeeklyReport
from workers.reports.parts import Item
from workers.reports.people import zone_named
from workers.reports.rounds import round_prepare
from workers.reports.weeks import week_parse
from workers.runs.models import TaskRun
from workers.submission.children import PART
from workers.task_types import Result
from workers.task_types.drafts import Draft
from workers.task_types.preparation import Division, Refused


def report_prepare(run: TaskRun, config: ResolvedConfig) -> Draft | Division:
    """What the run of a report, or of a part of it, comes to. Raises ``Refused``."""
    report = WeeklyReport.objects.filter(pk=run.payload["report"]).first()
    if report is None:
        raise Refused("report_gone", _("The report was deleted."))
    asked = Asking.of_report(report, run, prompt_budget(config))
    return round_prepare(
        asked,
        lambda: _material(report, run),
        whole=lambda items: asked.draft(asking.WHOLE, items),
        named={"report": str(report.pk), "week": report.week},
    )


def report_finished(run: TaskRun, result: Result) -> None:
    """Keep what the run of a report wrote, with the facts of its week; parts are kept nowhere."""
    report = WeeklyReport.objects.filter(run=run.pk, written_at=None).first()
    if report is None:
        return
    report.content = result["content"]
    report.notes = run.notes
    report.facts = facts_of_report(report) | {"report": cost_of(run)}
    report.written_at = timezone.now()
    report.mail_state = _mail_state(report)
    report.mail_at = report.written_at if report.mail_state == MailState.WAITING else None
    report.save(update_fields=["content", "notes", "facts", "written_at", "mail_state", "mail_at"])


def report_run_again(run: TaskRun, admit: Callable[[], object] | None = None) -> TaskRun:
    """A new run for the report that the run did not write. Raises ``RunIsPart``,
    ``UnknownReport``, and as ``report_again``."""
    if PART in run.payload:
        raise RunIsPart
    report = WeeklyReport.objects.filter(pk=run.payload["report"]).first()
    if report is None:
        raise UnknownReport
    return report_again(report, admit)


def facts_of_report(report: WeeklyReport) -> dict[str, Any]:
    """The facts of the report's week."""
    return facts_of(
        Span(user_id=report.user_id, starts_at=report.starts_at, ends_at=report.ends_at)
    )


def _material(report: WeeklyReport, run: TaskRun) -> list[Item]:
    try:
        material = material_read(
            user_id=report.user_id,
            week=week_parse(report.week),
            zone=zone_named(report.time_zone),
            until=run.created_at,
        )
    except TooMuch:
        raise Refused(
            "week_too_long", _("The week has more text than a report can be of.")
        ) from None
    if not material.items:
        raise Refused("no_activity", _("There is nothing to report any more."))
    return material.items


def _mail_state(report: WeeklyReport) -> MailState:
    stated = ReportSettings.objects.filter(user=report.user_id).first() or ReportSettings()
    wants = settings.REPORT_MAIL and stated.enabled and stated.delivery == Delivery.MAIL
    return MailState.WAITING if wants and report.user.email else MailState.NONE
