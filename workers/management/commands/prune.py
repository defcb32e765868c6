"""``manage.py prune``: delete the runs that ended long ago, and old entries of the audit trail.

As beat's daily call does (``workers.tasks.prune``), with what goes by the way.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from llmconfig.audit.retention import entries_prunable, entries_prune
from workers.process.retention import leftovers_prune, runs_prunable, runs_prune

LONGEST_DAYS = 36_500


class Command(BaseCommand):
    """Prints one line for the runs and one for the audit trail."""

    help = (
        "Delete the runs and the audit entries that are older than RUN_ and AUDIT_RETENTION_DAYS."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days",
            type=int,
            default=settings.RUN_RETENTION_DAYS,
            help=_("keep what ended in the last so many days (default: %(default)s)"),
        )
        parser.add_argument(
            "--audit-days",
            type=int,
            default=settings.AUDIT_RETENTION_DAYS,
            help=_("keep the audit trail of the last so many days (default: %(default)s)"),
        )
        parser.add_argument("--dry-run", action="store_true", help=_("only count"))

    def handle(self, *args: Any, **options: Any) -> None:
        before = _moment("--days", options["days"])
        audited_before = _moment("--audit-days", options["audit_days"])
        self.stdout.write(_runs(before, dry_run=options["dry_run"]))
        self.stdout.write(_entries(audited_before, dry_run=options["dry_run"]))
        if not options["dry_run"]:
            leftovers_prune(before)


def _moment(option: str, days: int) -> datetime:
    """So many days ago. Raises CommandError."""
    if not 0 <= days <= LONGEST_DAYS:
        told = {"option": option, "most": LONGEST_DAYS}
        raise CommandError(_("%(option)s: accepted: 0 to %(most)s") % told)
    return timezone.now() - timedelta(days=days)


def _runs(before: datetime, *, dry_run: bool) -> str:
    if dry_run:
        count = runs_prunable(before)
        text = ngettext(
            "%(count)d run that ended before %(moment)s would be deleted.",
            "%(count)d runs that ended before %(moment)s would be deleted.",
            count,
        )
    else:
        count = runs_prune(before)
        text = ngettext(
            "%(count)d run that ended before %(moment)s was deleted.",
            "%(count)d runs that ended before %(moment)s were deleted.",
            count,
        )
    return text % _values(count, before)


def _entries(before: datetime, *, dry_run: bool) -> str:
    if dry_run:
        count = entries_prunable(before)
        text = ngettext(
            "%(count)d audit entry from before %(moment)s would be deleted.",
            "%(count)d audit entries from before %(moment)s would be deleted.",
            count,
        )
    else:
        count = entries_prune(before)
        text = ngettext(
            "%(count)d audit entry from before %(moment)s was deleted.",
            "%(count)d audit entries from before %(moment)s were deleted.",
            count,
        )
    return text % _values(count, before)


def _values(count: int, before: datetime) -> dict[str, Any]:
    return {"count": count, "moment": f"{before:%Y-%m-%d %H:%M} UTC"}
