"""``manage.py prune``: delete the runs that ended long ago, with their attempts."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workers.retention import runs_prunable, runs_prune

LONGEST_DAYS = 36_500


class Command(BaseCommand):
    """Prints one line."""

    help = "Delete the runs that ended more than RUN_RETENTION_DAYS days ago."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days",
            type=int,
            default=settings.RUN_RETENTION_DAYS,
            help=_("keep what ended in the last so many days (default: %(default)s)"),
        )
        parser.add_argument("--dry-run", action="store_true", help=_("only count"))

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 <= options["days"] <= LONGEST_DAYS:
            raise CommandError(_("--days: accepted: 0 to %(most)s") % {"most": LONGEST_DAYS})
        before = timezone.now() - timedelta(days=options["days"])
        if options["dry_run"]:
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
        self.stdout.write(text % {"count": count, "moment": f"{before:%Y-%m-%d %H:%M} UTC"})
