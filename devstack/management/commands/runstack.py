"""``manage.py runstack``: everything of this project on one machine, until Ctrl-C."""

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from devstack.embedded.console import Console
from devstack.embedded.errors import StackError
from devstack.embedded.packages import DEMO

PORTS = range(1, 65_536)


class Command(BaseCommand):
    help = _(
        "Start the web process, the workers and beat of the Procfile; with the embedded database, "
        "broker and model server where DATABASE_URL, REDIS_URL and OLLAMA_HOST name no others."
    )
    # Its children check and use the database; this process only supervises.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help=_("where the web process listens"))
        parser.add_argument(
            "--port", type=int, help=_("its port; without: 8000 or the next free one")
        )
        parser.add_argument("--procfile", type=Path, help=_("another list of processes"))

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["port"] is not None and options["port"] not in PORTS:
            sys.exit(_("--port: expected a number from 1 to 65535."))
        try:
            from devstack.embedded.signals import StopRequested, stop_on_signals
            from devstack.embedded.stack import PROCFILE, Stack
        except ModuleNotFoundError as error:
            sys.exit(
                _("The package %(package)s is missing. Run: %(install)s")
                % {"package": error.name, "install": DEMO}
            )
        console = Console.standard()
        stack = Stack(
            settings.LLMCONFIG_HOME,
            processes=True,
            host=options["host"],
            port=options["port"],
            procfile_path=(options["procfile"] or PROCFILE).resolve(),
            console=console,
        )
        try:
            with stop_on_signals(stack), stack:
                console.say(
                    _("Ready: %(web)s (admin: %(web)s/admin/, API: %(web)s/v1/). Ctrl-C stops it."),
                    web=stack.web_url,
                )
                stack.wait()
        except StackError as error:
            sys.exit(str(error))
        except StopRequested:
            console.say(_("Stopped"))
            console.flush()
