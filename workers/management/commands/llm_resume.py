"""``manage.py llm_resume``: end a pause; the runs that wait for it go on within seconds."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from workers.gates.pauses import pause_remove
from workers.management.commands.llm_pause import add_target, target_of
from workers.runs.errors import WorkerError


class Command(BaseCommand):
    help = "Resume a queue or a model that is paused."

    def add_arguments(self, parser: CommandParser) -> None:
        add_target(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        target = target_of(options)
        try:
            pause_remove(**target)
        except WorkerError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(_("Runs of %(name)s go on.") % {"name": target["name"]})
