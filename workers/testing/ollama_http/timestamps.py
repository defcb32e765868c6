"""Points in time as Ollama writes them: RFC 3339, UTC."""

from datetime import UTC, datetime

LAST = datetime(9999, 12, 31, tzinfo=UTC)


def now() -> str:
    return rfc3339(datetime.now(UTC).timestamp())


def rfc3339(unix_seconds: float) -> str:
    """The Unix time as text; what lies beyond the calendar is its last day."""
    last = unix_seconds >= LAST.timestamp()
    moment = LAST if last else datetime.fromtimestamp(unix_seconds, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
