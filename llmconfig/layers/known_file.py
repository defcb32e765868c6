"""Last known good configuration file: kept in the database, used where ``LLM_CONFIG_ON_ERROR`` is
``last_good`` and the file on disk has a mistake.

A worker keeps the file that it started with. The row belongs to the file's path.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from django.db import DatabaseError, models
from django.db.models.functions import Now

PATH_LENGTH = 500


class KnownFile(models.Model):
    """The content of a file when it was last read without a mistake."""

    path = models.CharField(max_length=PATH_LENGTH, unique=True)
    content = models.BinaryField()
    kept_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.path


class Known(NamedTuple):
    content: bytes
    kept_at: datetime


def known_file_keep(path: Path, content: bytes) -> None:
    """Store what was read without a mistake, in place of what was kept before."""
    name = str(path.absolute())
    if len(name) <= PATH_LENGTH:
        row = KnownFile(path=name, content=content, kept_at=Now())
        KnownFile.objects.bulk_create(
            [row],
            update_conflicts=True,
            unique_fields=["path"],
            update_fields=["content", "kept_at"],
        )


def known_file_load(path: Path) -> Known | None:
    """What was kept; None where nothing was, or the database does not answer."""
    try:
        rows = KnownFile.objects.filter(path=str(path.absolute()))
        found = rows.values_list("content", "kept_at").first()
    except DatabaseError:
        return None
    return Known(bytes(found[0]), found[1]) if found else None
