"""``manage.py llm_history [ROW_ID]``: who changed what when, from where and why."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext

from llmconfig.history.entries import Entry, preference_history, tier_history
from llmconfig.history.texts import entry_lines
from llmconfig.management.numbers import number
from llmconfig.management.people import user_named


class Command(BaseCommand):
    help = "List the last changes of preferences or tiers, newest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("row_id", nargs="?", metavar="ROW_ID", help="without it: of all rows")
        parser.add_argument("--tier", action="store_true", help="of tiers, not of preferences")
        parser.add_argument("--user", help="name or id: of this user's preferences")
        parser.add_argument("--limit", default="20", help="how many changes; default 20")

    def handle(self, *args: Any, **options: Any) -> None:
        entries = _entries(**options)
        for line in entry_lines(entries):
            self.stdout.write(line)
        if not entries:
            self.stdout.write(gettext("The history has nothing of that kind."))


def _entries(
    *, row_id: str | None, tier: bool, user: str | None, limit: str, **_: Any
) -> list[Entry]:
    row, most = row_id and number(row_id, "ROW_ID"), number(limit, "--limit")
    if not tier:
        user_id = user_named(user).pk if user is not None else None
        return preference_history(row_id=row or None, user_id=user_id, limit=most)
    if user is not None:
        raise CommandError(gettext("A tier is for no user: give --tier or --user, not both."))
    return tier_history(row_id=row or None, limit=most)
