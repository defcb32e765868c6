"""Sessions in the database, as Django keeps them, for whatever a cookie says."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions


class SessionStore(DatabaseSessions):
    """``SESSION_ENGINE`` names this module."""

    def __init__(self, session_key: str | None = None) -> None:
        # A cookie may hold NUL, escaped; PostgreSQL takes none.
        super().__init__(None if "\0" in (session_key or "") else session_key)
