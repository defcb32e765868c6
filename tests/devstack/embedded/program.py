"""A stack without Django's project around it, as a program that tests can kill."""

import argparse
import sys
from pathlib import Path

from django.conf import settings

from devstack.embedded.console import Console
from devstack.embedded.errors import StackError
from devstack.embedded.signals import StopRequested, stop_on_signals
from devstack.embedded.stack import PARTS, Stack


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("procfile", type=Path)
    parser.add_argument("--parts", nargs="*", default=[])
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    settings.configure(USE_I18N=False)
    stack = Stack(
        options.home,
        processes=True,
        port=options.port,
        procfile_path=options.procfile,
        console=Console.standard(),
        parts=[part for part in PARTS if part.name in options.parts],
        durable=False,
        manage=False,
    )
    try:
        with stop_on_signals(stack), stack:
            stack.console.say("ready")
            stack.wait()
    except StackError as error:
        sys.exit(str(error))
    except StopRequested:
        stack.console.say("stopped")
        stack.console.flush()


if __name__ == "__main__":
    main()
