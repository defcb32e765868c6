"""When and how a person wants the weekly report: reading and changing it."""

from collections.abc import Mapping
from typing import Any

from workers.reports.choices import languages, time_zones
from workers.reports.errors import UnknownLanguage, UnknownTimeZone
from workers.reports.models import ReportSettings

FIELDS = ("enabled", "weekday", "hour", "time_zone", "language", "delivery")


def wishes_of(user_id: int) -> ReportSettings:
    """The stored settings, else the defaults, not stored."""
    found = ReportSettings.objects.filter(user=user_id).first()
    return found or ReportSettings(user_id=user_id)


def wishes_replace(user_id: int, values: Mapping[str, Any]) -> ReportSettings:
    """Store these settings; those that are not among them are their defaults. Raises as
    ``wishes_change``."""
    defaults = ReportSettings()
    return wishes_change(user_id, {name: getattr(defaults, name) for name in FIELDS} | dict(values))


def wishes_change(user_id: int, values: Mapping[str, Any]) -> ReportSettings:
    """Store these settings; those that are not among them stay, whoever else changes them.

    Raises ``UnknownTimeZone``, ``UnknownLanguage``.
    """
    if (zone := values.get("time_zone")) and zone not in time_zones():
        raise UnknownTimeZone(zone)
    if (language := values.get("language")) and language not in dict(languages()):
        raise UnknownLanguage(language)
    # One statement: the same person may store or reset them elsewhere at this moment.
    ReportSettings.objects.bulk_create(
        [ReportSettings(user_id=user_id, **values)],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=[*values, "updated_at"],
    )
    return wishes_of(user_id)


def wishes_reset(user_id: int) -> ReportSettings:
    """Back to the defaults."""
    ReportSettings.objects.filter(user=user_id).delete()
    return ReportSettings(user_id=user_id)
