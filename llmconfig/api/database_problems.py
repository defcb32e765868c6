"""Database faults as answers: 503 with ``Retry-After``, and a code for what is wrong.

The cause is in the log, not in the answer: it may name tables and hosts.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException

from llmconfig.database.faults import Kind


class DatabaseFault(APIException):
    """The database cannot do this now; the same request may succeed later."""

    status_code = 503

    def __init__(self, kind: Kind) -> None:
        code, detail, self.wait = ANSWERS[kind]
        super().__init__(detail, code)


#: Code, detail, and the seconds of ``Retry-After``.
ANSWERS: dict[Kind, tuple[str, Any, int]] = {
    Kind.UNREACHABLE: (
        "database_unavailable",
        _("The database cannot be reached. Try again later."),
        5,
    ),
    Kind.READ_ONLY: (
        "database_read_only",
        _("The database takes no changes at the moment. Try again later."),
        5,
    ),
    Kind.FULL: (
        "database_full",
        _("The database is out of disk space or memory. Try again later."),
        30,
    ),
    Kind.NO_CONNECTION: (
        "database_busy",
        _("No connection to the database is free. Try again."),
        2,
    ),
    Kind.CONFLICT: (
        "database_conflict",
        _("Others change the same at the same time. Nothing was changed; try again."),
        1,
    ),
    Kind.TIMEOUT: (
        "database_timeout",
        _("The database took too long. Nothing was changed; try again later."),
        5,
    ),
    Kind.OTHER: (
        "database_error",
        _("The database cannot do this now. The cause is in the server's log."),
        30,
    ),
}
