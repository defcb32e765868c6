"""Optimistic lock: of two edits of one row the second is refused."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError
from psycopg import errors as postgresql

from llmconfig.tables.models import Preference, Tier
from llmconfig.values.errors import EditConflict

#: Part of a constraint's name → what is taken.
_TAKEN = {"_scope": "scope", "_rank": "rank", "_group": "group"}


def row_lock(row: Preference | Tier, *, expected_version: int | None) -> None:
    """Lock the stored row and give ``row`` its version.

    Raises ``EditConflict`` where it is gone, or is not of the version that is expected.
    """
    stored = type(row).objects.select_for_update().filter(pk=row.pk)
    version = stored.values_list("version", flat=True).first()
    if version is None:
        raise EditConflict.deleted(row.name)
    if expected_version is not None and version != expected_version:
        raise EditConflict.changed(row.name, expected_version, version)
    row.version = version


@contextmanager
def conflicts_translated() -> Iterator[None]:
    """Say what the database found when it stored a row. Around the transaction, not inside.

    Raises ``EditConflict``.
    """
    try:
        yield
    except IntegrityError as error:
        if isinstance(error.__cause__, postgresql.UniqueViolation):
            raise EditConflict.taken(_what(error.__cause__.diag.constraint_name or "")) from error
        if isinstance(error.__cause__, postgresql.ForeignKeyViolation):
            raise EditConflict.owner_gone() from error
        raise


def _what(constraint: str) -> str:
    return next((what for part, what in _TAKEN.items() if part in constraint), "number")
