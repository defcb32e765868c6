"""``manage.py llm_pause``: have the runs of a queue or a model wait until ``llm_resume``."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from workers.gates.models import Pause
from workers.gates.pauses import pause_add
from workers.runs.errors import WorkerError


class Command(BaseCommand):
    help = "Pause a queue or a model: its runs wait, what runs already goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        add_target(parser)
        parser.add_argument("--reason", required=True, help=_("why; everyone who waits reads it"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            pause = pause_add(**target_of(options), reason=options["reason"])
        except WorkerError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(_("The %(what)s is paused.") % {"what": pause})


def add_target(parser: CommandParser) -> None:
    """The arguments that say what is meant, and who means it."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--queue", help=_("a queue, with its .low twin; or that twin alone"))
    what.add_argument("--model", help=_("a model, for example llama3.2:3b"))
    parser.add_argument("--by", help=_("the name of the user whose history shall say so"))


def target_of(options: dict[str, Any]) -> dict[str, Any]:
    """The same as arguments of the service. Raises CommandError for a user that is unknown."""
    by_queue = options["queue"] is not None
    return {
        "kind": Pause.Kind.QUEUE if by_queue else Pause.Kind.MODEL,
        "name": options["queue"] if by_queue else options["model"],
        "by": None if options["by"] is None else _user(options["by"]),
    }


def _user(name: str) -> Any:
    users = get_user_model()
    try:
        return users._default_manager.get_by_natural_key(name)
    except users.DoesNotExist:
        raise CommandError(_("There is no user %(name)s.") % {"name": name}) from None
