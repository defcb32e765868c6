"""How a report is written: from the week in one go, or in parts that are summarised and joined.

The run of a report names its report; what it is written from is read when a worker has it, so that
a hundred thousand waiting runs hold no text. What the week has more of than the models' context is
divided: each part is a run with its own share of the material, and when all have ended the report
is written from their summaries, in as many rounds as it takes.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from llmconfig.types import ResolvedConfig
from workers.children import PART, Round, round_of
from workers.models import Delivery, MailState, ReportSettings, TaskRun, WeeklyReport
from workers.prepared import Division, Refused
from workers.prompts import Prompt
from workers.reports import asking
from workers.reports.asking import prompt_of, room_of
from workers.reports.entries import TooMuch, material_read
from workers.reports.errors import RunIsPart, UnknownReport
from workers.reports.facts import Span, cost_of, facts_of
from workers.reports.making import report_again
from workers.reports.parts import Item, divide
from workers.reports.people import zone_named
from workers.reports.weeks import week_parse
from workers.task_types import Result

#: Each round has a fraction of the parts of the one before: more is a model that does not shorten.
MOST_ROUNDS = 6


def report_prepare(run: TaskRun, config: ResolvedConfig) -> Prompt | Division:
    """What the run of a report, or of a part of it, comes to. Raises ``Refused``."""
    report = WeeklyReport.objects.filter(pk=run.payload["report"]).first()
    if report is None:
        raise Refused("report_gone", _("The report was deleted."))
    if PART in run.payload:
        items = [Item(**item) for item in run.payload["items"]]
        return prompt_of(asking.PART, report, run, config, items)
    done = round_of(run)
    if done.is_open:
        return Division(round=done.number)
    shape = asking.JOINED if done.number else asking.WHOLE
    items = _summaries(done) if done.number else _material(report, run)
    if len(divide(items, room_of(shape, report, run, config))) == 1:
        return prompt_of(shape, report, run, config, items)
    return _division(done, items, room_of(asking.PART, report, run, config), report)


def report_finished(run: TaskRun, result: Result) -> None:
    """Keep what the run of a report wrote, with the facts of its week; parts are kept nowhere."""
    report = WeeklyReport.objects.filter(run=run.pk, written_at=None).first()
    if report is None:
        return
    report.content = result["content"]
    report.facts = facts_of_report(report) | {"report": cost_of(run)}
    report.written_at = timezone.now()
    report.mail_state = _mail_state(report)
    report.mail_at = report.written_at if report.mail_state == MailState.WAITING else None
    report.save(update_fields=["content", "facts", "written_at", "mail_state", "mail_at"])


def report_run_again(run: TaskRun) -> TaskRun:
    """A new run for the report that the run did not write. Raises ``RunIsPart``,
    ``UnknownReport``, and as ``report_again``."""
    if PART in run.payload:
        raise RunIsPart
    report = WeeklyReport.objects.filter(pk=run.payload["report"]).first()
    if report is None:
        raise UnknownReport
    return report_again(report)


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


def _summaries(done: Round) -> list[Item]:
    return [
        Item(text=(child.result or {})["content"], label=f"part {number}")
        for number, child in enumerate(done.children, start=1)
    ]


def _division(done: Round, items: Sequence[Item], room: int, report: WeeklyReport) -> Division:
    parts = divide(items, room)
    if done.number and (done.number >= MOST_ROUNDS or len(parts) >= len(done.children)):
        detail = _("The summaries of the parts are too long to be joined.")
        raise Refused("week_too_long", detail)
    return Division(
        round=done.number + 1,
        payloads=[
            {
                "report": str(report.pk),
                "week": report.week,
                "items": [vars(item) for item in part],
            }
            for part in parts
        ],
    )


def _mail_state(report: WeeklyReport) -> MailState:
    stated = ReportSettings.objects.filter(user=report.user_id).first() or ReportSettings()
    wants = settings.REPORT_MAIL and stated.enabled and stated.delivery == Delivery.MAIL
    return MailState.WAITING if wants and report.user.email else MailState.NONE
