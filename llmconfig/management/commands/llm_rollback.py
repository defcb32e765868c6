"""``manage.py llm_rollback``: return one row to a version, or everything to a moment."""

from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, ngettext

from llmconfig.history.plan import plan_at, plan_of
from llmconfig.history.rollback import everything_rollback, row_rollback
from llmconfig.history.steps import Plan
from llmconfig.history.texts import plan_lines, refusal_lines
from llmconfig.management.numbers import number
from llmconfig.management.people import user_named
from llmconfig.tables.authorship import COMMAND, reason_parse
from llmconfig.tables.models import Preference, Tier
from llmconfig.values.errors import LLMConfigError, RollbackRefused
from llmconfig.values.texts import shown

_SKIPPING = gettext_noop("With --skip-refused these stay as they are, and the others return.")


class Command(BaseCommand):
    help = (
        "Return one row to a version (ROW_ID --to VERSION), or all preferences and tiers to a"
        " moment (--at MOMENT)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("row_id", nargs="?", metavar="ROW_ID", help="of a preference")
        parser.add_argument("--tier", action="store_true", help="ROW_ID is that of a tier")
        parser.add_argument("--to", metavar="VERSION", help="as llm_history shows it")
        parser.add_argument("--at", metavar="MOMENT", help="2026-11-20T12:00[+01:00]; local time")
        parser.add_argument(
            "--skip-refused",
            action="store_true",
            help="with --at: leave rows that cannot return as they are, and return the others",
        )
        parser.add_argument("--dry-run", action="store_true", help="only show what would change")
        parser.add_argument("--reason", help="recorded with each change")
        parser.add_argument("--by", metavar="USER", help="name or id: who is recorded")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = _plan_everything(options) if options["at"] is not None else _plan_one(options)
        except RollbackRefused as error:
            self._write(refusal_lines(error.refusals))
            raise CommandError(_refused(error)) from error
        except LLMConfigError as error:
            raise CommandError(error.message.translate(gettext)) from error
        self._write(plan_lines(plan))
        self._write([_summary(plan, options)])

    def _write(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.stdout.write(line)


def _plan_one(options: Mapping[str, Any]) -> Plan:
    if options["row_id"] is None or options["to"] is None or options["skip_refused"]:
        raise CommandError(gettext("Give ROW_ID and --to VERSION, or --at MOMENT for everything."))
    model = Tier if options["tier"] else Preference
    row_id, version = number(options["row_id"], "ROW_ID"), number(options["to"], "--to", minimum=0)
    author = _author(options)
    if not options["dry_run"]:
        return row_rollback(model=model, row_id=row_id, to_version=version, **author)
    plan = plan_of(model, row_id, version)
    for refused in plan.refused:
        raise refused.error
    return plan


def _plan_everything(options: Mapping[str, Any]) -> Plan:
    if options["row_id"] is not None or options["to"] is not None or options["tier"]:
        raise CommandError(gettext("--at returns everything: give no ROW_ID, --to or --tier."))
    moment, author = _moment(options["at"]), _author(options)
    if not options["dry_run"]:
        return everything_rollback(moment=moment, skip_refused=options["skip_refused"], **author)
    return plan_at(moment)


def _author(options: Mapping[str, Any]) -> dict[str, Any]:
    by = None if options["by"] is None else user_named(options["by"])
    return {"by": by, "source": COMMAND, "reason": reason_parse(options["reason"])}


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        aware = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
        past = aware.astimezone(UTC) <= timezone.now()
    except (ValueError, OverflowError) as error:
        told = gettext(
            "--at is a moment such as 2026-11-20T12:00 or 2026-11-20T12:00+01:00, not %(text)s."
        )
        raise CommandError(told % {"text": shown(text)}) from error
    if not past:
        raise CommandError(gettext("--at lies in the future: %(text)s.") % {"text": shown(text)})
    return aware


def _refused(error: RollbackRefused) -> str:
    told = error.message.translate(gettext)
    return f"{told} {gettext(_SKIPPING)}" if error.refusals else told


def _summary(plan: Plan, options: Mapping[str, Any]) -> str:
    if not plan.steps and not plan.refused:
        return gettext("Nothing to do: it is so already.")
    count = len(plan.steps)
    if options["dry_run"]:
        text = ngettext("%(count)s row would return", "%(count)s rows would return", count)
    else:
        text = ngettext("%(count)s row has returned", "%(count)s rows have returned", count)
    told = text % {"count": count}
    if plan.refused:
        told += gettext(", %(count)s cannot") % {"count": len(plan.refused)}
    skipping = plan.refused and not options["skip_refused"]
    return f"{told}. {gettext(_SKIPPING)}" if skipping else f"{told}."
