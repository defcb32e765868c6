"""Moments as the API writes them."""

from datetime import UTC, datetime


def moment_json(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, ``2026-11-22T12:00:00Z``; null for none."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
