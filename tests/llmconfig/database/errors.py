"""Errors of PostgreSQL, as Django raises them."""

import pytest
from django.db import DatabaseError, connection, transaction


def database_error(sqlstate, message="so it is"):
    """The error for a SQLSTATE, raised by the server itself."""
    with (
        pytest.raises(DatabaseError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"DO $$ BEGIN RAISE '{message}' USING ERRCODE = '{sqlstate}'; END $$")
    return caught.value
