"""What every entry point does before work: refuse a bad configuration in words, not tracebacks."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


def choose_settings() -> None:
    """The settings of development where ``DJANGO_SETTINGS_MODULE`` is not set, or empty."""
    if not os.environ.get("DJANGO_SETTINGS_MODULE"):
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.development"


@contextmanager
def readable_errors() -> Iterator[None]:
    """End the process with one clear message for what an operator can mend."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import Error

    from llmconfig.database.faults import Kind, kind_of

    try:
        yield
    except ImproperlyConfigured as error:
        sys.exit(_no_database() or f"The configuration cannot be used:\n{_indented(str(error))}")
    except Error as error:
        if kind := kind_of(error):
            what = "cannot be reached" if kind is Kind.UNREACHABLE else f"is {kind.value}"
            sys.exit(f"PostgreSQL {what}:\n{_indented(str(error).strip())}")
        if message := _no_privilege(error):
            sys.exit(message)
        raise


def refuse_bad_configuration() -> None:
    """Run Django's checks (ours among them): log warnings, and exit with messages of errors.

    For processes that Django's commands do not start: the web server and Celery.
    """
    from django.core import checks

    if message := _no_database():
        sys.exit(message)
    found = checks.run_checks()
    errors = [each for each in found if each.is_serious()]
    for each in found:
        if not (each.is_serious() or each.is_silenced()):
            logger.warning("%s (%s)", each.msg, each.id)
    if errors:
        told = "\n".join(f"{error.msg} ({error.id})" for error in errors)
        sys.exit(f"The configuration cannot be used:\n{_indented(told)}")
    _refuse_foreign_redis()


def _refuse_foreign_redis() -> None:
    from django.db import DatabaseError, connection

    from workers.process.installation import ForeignRedis, installation_verify

    try:
        installation_verify()
    except ForeignRedis as error:
        sys.exit(f"The configuration cannot be used:\n{_indented(str(error))}")
    except DatabaseError as error:
        # It is away or not migrated: the sweeper looks when it is there.
        logger.warning("The identity in Redis is not verified: %s", type(error).__name__)
    finally:
        connection.close()


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


def _no_privilege(error: BaseException) -> str | None:
    """Which statement gives the user of the database what it lacks; None for another error."""
    from django.db import connection
    from psycopg import errors, sql

    found: BaseException | None = error
    while found is not None:
        if isinstance(found, errors.InsufficientPrivilege | errors.InvalidSchemaName):
            named = connection.settings_dict
            user = sql.Identifier(named["USER"] or "the user of DATABASE_URL").as_string()
            return (
                f"The database {named['NAME']} refuses: {found.diag.message_primary}.\n"
                "  As the owner of the database or a superuser, run in it: "
                f"GRANT USAGE, CREATE ON SCHEMA public TO {user};"
            )
        found = found.__cause__ or found.__context__
    return None
