"""A faster flush for transactional tests: DELETE, not TRUNCATE, sparing what `migrate` writes."""

from django.db.backends.postgresql.operations import DatabaseOperations

#: What `migrate` writes. Its ids are cached by each process of the suite.
OF_MIGRATE = {"auth_permission", "django_content_type", "workers_installation"}


def _rows_delete(self, style, tables, *, reset_sequences=False, allow_cascade=False):
    flushed = [self.quote_name(name) for name in tables if name not in OF_MIGRATE]
    return [f"DELETE FROM {name}" for name in flushed]  # noqa: S608


def flush_by_delete() -> None:
    """A TRUNCATE makes new files for each table, 0.2 s in all. Any order of the tables will do, as
    the foreign keys are deferred."""
    DatabaseOperations.sql_flush = _rows_delete
