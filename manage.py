#!/usr/bin/env python
"""Runs Django's commands; what an operator can mend is told in words, not as a traceback."""

import sys


def main() -> None:
    from config.startup import choose_settings, readable_errors

    choose_settings()
    with readable_errors():
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
