"""``manage.py weekly_reports --due``: make the weekly reports that are due, as beat has it done."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workers.reports.fan_out import fan_out_begin, fan_out_run, reports_due
from workers.reports.models import FanOut


class Command(BaseCommand):
    """Prints how many reports are due, and what became of them."""

    help = "Make the weekly reports that are due."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--due", action="store_true", required=True, help=_("those that are due now")
        )
        parser.add_argument("--dry-run", action="store_true", help=_("only count"))

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            self._count()
        else:
            self._make()

    def _count(self) -> None:
        found = reports_due(timezone.now())
        for week, count in sorted(found.items()):
            told = ngettext(
                "%(week)s: %(count)d report is due.", "%(week)s: %(count)d reports are due.", count
            )
            self.stdout.write(told % {"week": week, "count": count})
        if not found:
            self.stdout.write(_("No report is due."))

    def _make(self) -> None:
        if self._fan_out().deliveries > 1:
            # That one was begun before, and knows of nobody who is due since.
            self._fan_out()

    def _fan_out(self) -> FanOut:
        fan_out = fan_out_begin()
        fan_out_run(fan_out)
        row = FanOut.objects.get(pk=fan_out.pk)
        told = {"due": row.due, "made": row.made, "refused": row.refused}
        self.stdout.write(_("Due: %(due)d, made: %(made)d, refused: %(refused)d") % told)
        for code, count in sorted(row.reasons.items()):
            self.stdout.write(f"  {code}: {count}")
        return row
