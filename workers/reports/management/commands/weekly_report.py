"""``manage.py weekly_report``: one person's report of one week."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from llmconfig.management.people import user_named
from llmconfig.values.errors import LLMConfigError
from workers.reports.delivery.waiting import waits_sentence
from workers.reports.entries import TooMuch
from workers.reports.forecast import Forecast, report_forecast
from workers.reports.making import report_asked, report_start
from workers.reports.models import WeeklyReport
from workers.reports.people import places_of
from workers.reports.status import report_status
from workers.reports.wanted import Wanted
from workers.reports.weeks import NoSuchWeek, Week, week_last_ended, week_parse
from workers.runs.errors import WorkerError
from workers.runs.states import FAILED


class Command(BaseCommand):
    """Has the report made as its person could by API; with ``--dry-run`` tells what it would be
    made from and what would become of it, and writes nothing."""

    help = "Make one person's weekly report."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, help=_("a name or an id"))
        parser.add_argument(
            "--week", help=_("ISO 8601, for example 2026-W47; without it the last one that ended")
        )
        parser.add_argument(
            "--dry-run", action="store_true", help=_("tell what it would be made from")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user_id: Any = user_named(options["user"]).pk
        try:
            week = week_parse(options["week"]) if options["week"] is not None else None
            if options["dry_run"]:
                self._tell(user_id, week)
            else:
                self._make(user_id, week)
        except NoSuchWeek as error:
            raise CommandError(error.message.translate(_)) from error
        except (WorkerError, LLMConfigError) as error:
            raise CommandError(str(error)) from error
        except TooMuch as error:
            raise CommandError(_("The week has more text than a report can be of.")) from error

    def _make(self, user_id: int, week: Week | None) -> None:
        started = report_start(user_id=user_id, week=week)
        report = started.report
        begun = _("Run %(run)s writes the report %(report)s of %(week)s.")
        there = _("The report %(report)s of %(week)s is there, or under way: run %(run)s.")
        self.stdout.write(
            (begun if started.is_new else there)
            % {
                "run": report and report.run_id,
                "report": report and report.pk,
                "week": started.wanted.week,
            }
        )

    def _tell(self, user_id: int, week: Week | None) -> None:
        place = places_of([user_id])[user_id]
        week = week or week_last_ended(timezone.now(), place.zone)
        wanted = Wanted(user_id=user_id, week=week, place=place)
        for name, value in _lines(wanted, report_forecast(wanted)):
            self.stdout.write(f"{name:<10} {value}")
        report = report_asked(wanted, timezone.now())
        self.stdout.write(f"{_('report'):<10} {_outcome(report)}")


def _outcome(report: WeeklyReport | None) -> str:
    if report is None:
        return _("will be made")
    status = report_status(report)
    told = f"{report.pk}  ({status})"
    if report.run and (waits_for := waits_sentence(report.run, timezone.now())):
        told = f"{told}  {waits_for}"
    return f"{told}  {_('will be made again')}" if status in FAILED else told


def _lines(wanted: Wanted, forecast: Forecast) -> list[tuple[str, object]]:
    starts_at, ends_at = (moment.isoformat() for moment in wanted.bounds)
    config = forecast.config
    return [
        (_("week"), f"{wanted.week}  {starts_at} – {ends_at}"),
        (_("zone"), wanted.place.zone.key),
        (_("language"), wanted.place.language),
        (_("entries"), forecast.entries),
        (_("results"), forecast.results),
        (_("parts"), forecast.parts),
        (_("model"), f"{config.model}  ({config.origins['model'].layer})"),
        (_("fallback"), config.fallback_model or "–"),
        (_("facts"), json.dumps(forecast.facts, ensure_ascii=False, indent=2)),
    ]
