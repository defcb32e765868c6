"""Forecast of a report: its material, models and number of parts, without storing anything."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from llmconfig.resolution.selectors import config_resolve
from llmconfig.values.types import ResolvedConfig
from workers.reports import REPORT_TYPE, asking
from workers.reports.asking import Asking
from workers.reports.budgets import prompt_budget
from workers.reports.entries import material_read
from workers.reports.facts import Span, facts_of
from workers.reports.models import WeeklyReport
from workers.reports.parts import divide
from workers.reports.wanted import Wanted
from workers.runs.models import TaskRun


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """A report that is not made."""

    entries: int
    #: Insights and analyses.
    results: int
    #: Summaries of the first round; 0: the report is written in one go.
    parts: int
    config: ResolvedConfig
    facts: dict[str, Any]


def report_forecast(wanted: Wanted) -> Forecast:
    """Raises ``TooMuch``, and what ``config_resolve`` raises."""
    starts_at, ends_at = wanted.bounds
    config = config_resolve(user_id=wanted.user_id, task_type=REPORT_TYPE)
    material = material_read(
        user_id=wanted.user_id, week=wanted.week, zone=wanted.place.zone, until=timezone.now()
    )
    report = WeeklyReport(week=str(wanted.week), language=wanted.place.language)
    run, items = TaskRun(payload={}), material.items
    asked = Asking.of_report(report, run, prompt_budget(config))
    whole = divide(items, asked.room(asking.WHOLE))
    parts = divide(items, asked.room(asking.PART))
    return Forecast(
        entries=len(material.entries),
        results=len(material.results),
        parts=len(parts) if len(whole) > 1 else 0,
        config=config,
        facts=facts_of(Span(user_id=wanted.user_id, starts_at=starts_at, ends_at=ends_at)),
    )
