"""What every entry point does before work: refuse a bad configuration in words, not tracebacks."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def readable_errors() -> Iterator[None]:
    """End the process with one clear message for what an operator can mend."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError

    try:
        yield
    except ImproperlyConfigured as error:
        sys.exit(_no_database() or f"The configuration cannot be used:\n{_indented(str(error))}")
    except OperationalError as error:
        sys.exit(f"PostgreSQL cannot be reached:\n{_indented(str(error).strip())}")


def refuse_bad_configuration() -> None:
    """Run Django's checks (ours among them); exit with their messages when one is an error.

    For processes that Django's commands do not start: the web server and Celery.
    """
    from django.core import checks

    if message := _no_database():
        sys.exit(message)
    errors = [found for found in checks.run_checks() if found.is_serious()]
    if errors:
        told = "\n".join(f"{error.msg} ({error.id})" for error in errors)
        sys.exit(f"The configuration cannot be used:\n{_indented(told)}")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _no_database() -> str | None:
    """What to do where neither a variable nor a running stack names a database, else None."""
    from django.conf import settings

    if not settings.configured or settings.DATABASE_NAMED:
        return None
    return (
        f"No stack is running from {settings.LLMCONFIG_HOME} and DATABASE_URL is not set. "
        "Start one with `python manage.py runstack`, or set DATABASE_URL."
    )
