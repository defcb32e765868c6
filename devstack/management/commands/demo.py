"""``manage.py demo``: the whole path on this machine, shown as a table."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from devstack.embedded.console import Console
from devstack.embedded.errors import StackError
from devstack.embedded.packages import DEMO

GUIDE = gettext_noop("""\
admin   %(web)s/admin/   user admin, password %(password)s
API     %(web)s/v1/      for example, as ada:

  curl -s %(web)s/v1/tasks -H 'Authorization: Token %(token)s' \\
    -H 'Content-Type: application/json' \\
    -d '{"task_type": "TASK_TYPE_TEXT_GENERATION", "payload": {"prompt": "Say hello."}}'

Ctrl-C stops everything; the data stays in %(home)s, `make clean` removes it.""")


class Command(BaseCommand):
    help = _("Start everything, do some real work, show how it went, and stay until Ctrl-C.")
    # Its children check and use the database; this process only shows.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once",
            action="store_true",
            help=_("end after the table: 0 when every run ended as expected, else 1"),
        )
        parser.add_argument(
            "--port", type=int, help=_("of the web process; without: 8000 or the next free one")
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            from devstack.embedded.signals import StopRequested, stop_on_signals
            from devstack.embedded.stack import Stack
        except ModuleNotFoundError as error:
            sys.exit(
                _("The package %(package)s is missing. Run: %(install)s")
                % {"package": error.name, "install": DEMO}
            )
        console = Console.standard(process_lines=False)
        stack = Stack(
            settings.LLMCONFIG_HOME, processes=True, port=options["port"], console=console
        )
        try:
            with stop_on_signals(stack), stack:
                complete = self._show(stack, console, once=options["once"])
        except StackError as error:
            sys.exit(str(error))
        except StopRequested:
            console.say(_("Stopped"))
            return
        finally:
            console.flush()
        sys.exit(0 if complete else 1)

    def _show(self, stack: Any, console: Console, *, once: bool) -> bool:
        from devstack.demo.client import DemoFailed
        from devstack.demo.show import show

        try:
            shown = show(stack.web_url, stack.process_environment, console)
        except DemoFailed as error:
            console.say(_("The demo ended early: %(reason)s"), reason=error)
            return False
        if not once:
            console.say("")
            console.say(
                _(GUIDE),
                web=stack.web_url,
                password=shown.password,
                token=shown.token,
                home=stack.home,
            )
            stack.wait()
        return shown.complete
