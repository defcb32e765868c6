"""Classification of database errors by SQLSTATE: what happened, and whether to try again.

An outage (unreachable, read-only, full, out of connections) is a state of the whole database: it
ends by itself or by an operator, and the same statement may then succeed. A conflict (deadlock,
serialization failure) is resolved by running the transaction again at once. The rest (timeouts,
operational errors that are not known here) may be permanent.
"""

from enum import StrEnum

import psycopg
from django.db import InterfaceError, InternalError, OperationalError
from psycopg_pool import PoolTimeout, TooManyRequests

#: The classes that a fault may be of; `kind_of` finds whether it is one.
FAULT_CLASSES = (OperationalError, InterfaceError, InternalError)
_OF_PSYCOPG = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError)


class Kind(StrEnum):
    """What is wrong, in the words of logs and probes."""

    UNREACHABLE = "unreachable"
    READ_ONLY = "read-only"
    FULL = "out of disk space or memory"
    NO_CONNECTION = "out of connections"
    CONFLICT = "in conflict"
    TIMEOUT = "too slow"
    OTHER = "failing"

    @property
    def is_outage(self) -> bool:
        """Whether the database as a whole cannot do its work for now."""
        return self in OUTAGES


OUTAGES = frozenset({Kind.UNREACHABLE, Kind.READ_ONLY, Kind.FULL, Kind.NO_CONNECTION})

#: https://www.postgresql.org/docs/current/errcodes-appendix.html
_BY_SQLSTATE = {
    "25006": Kind.READ_ONLY,  # read_only_sql_transaction
    "25P03": Kind.TIMEOUT,  # idle_in_transaction_session_timeout
    "25P04": Kind.TIMEOUT,  # transaction_timeout
    "40001": Kind.CONFLICT,  # serialization_failure
    "40P01": Kind.CONFLICT,  # deadlock_detected
    "53300": Kind.NO_CONNECTION,  # too_many_connections
    "55P03": Kind.TIMEOUT,  # lock_not_available
    "57014": Kind.TIMEOUT,  # query_canceled
    "57P01": Kind.UNREACHABLE,  # admin_shutdown
    "57P02": Kind.UNREACHABLE,  # crash_shutdown
    "57P03": Kind.UNREACHABLE,  # cannot_connect_now
    "57P05": Kind.UNREACHABLE,  # idle_session_timeout
}
_BY_CLASS = {
    "08": Kind.UNREACHABLE,  # connection exceptions
    "53": Kind.FULL,  # insufficient resources
}
#: Of connections that are refused libpq has the server's text alone.
_BY_TEXT = {
    "too many clients": Kind.NO_CONNECTION,
    "too many connections": Kind.NO_CONNECTION,
    "remaining connection slots": Kind.NO_CONNECTION,
    "no more connections allowed": Kind.NO_CONNECTION,  # PgBouncer
    "session is read-only": Kind.READ_ONLY,  # target_session_attrs
    "server is in hot standby": Kind.READ_ONLY,
    "no space left on device": Kind.FULL,
    "out of memory": Kind.FULL,
}


def kind_of(error: BaseException) -> Kind | None:
    """What an error of Django's or psycopg's means. None: no fault of the database, but of the
    statement or its values, or no database error at all.
    """
    if not isinstance(error, (*FAULT_CLASSES, *_OF_PSYCOPG)):
        return None
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    if isinstance(cause, PoolTimeout | TooManyRequests):
        return Kind.NO_CONNECTION
    state = (cause.sqlstate if isinstance(cause, psycopg.Error) else None) or ""
    if found := _BY_SQLSTATE.get(state) or _BY_CLASS.get(state[:2]):
        return found
    if isinstance(error, InternalError | psycopg.InternalError):
        return None
    return Kind.OTHER if state else _of_text(str(error))


def is_outage(error: BaseException) -> bool:
    """Whether this error is due to an outage of the database."""
    kind = kind_of(error)
    return kind is not None and kind.is_outage


def cause_text(error: BaseException) -> str:
    """The database's own words in one line, without the statement, which may hold a prompt."""
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    said = cause.diag if isinstance(cause, psycopg.Error) else None
    if said is None or not said.message_primary:
        return " ".join(str(error).split()) or type(error).__name__
    parts = [said.message_primary]
    if kind_of(error) is Kind.CONFLICT and said.message_detail:
        # Which processes waited for which.
        parts.append(said.message_detail)
    return " ".join(" ".join(parts).split())


def _of_text(text: str) -> Kind:
    lower = text.lower()
    return next((kind for part, kind in _BY_TEXT.items() if part in lower), Kind.UNREACHABLE)
