#!/usr/bin/env python
"""Runs Django's commands; what an operator can mend is told in words, not as a traceback."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")
    from config.startup import readable_errors

    with readable_errors():
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
