"""When and how a person wants the weekly report: reading and changing it."""

from collections.abc import Mapping
from typing import Any

from workers.models import ReportSettings
from workers.reports.choices import languages, time_zones
from workers.reports.errors import UnknownLanguage, UnknownTimeZone

FIELDS = ("enabled", "weekday", "hour", "time_zone", "language", "delivery")


def wishes_of(user_id: int) -> ReportSettings:
    """The stored settings, else the defaults, not stored."""
    found = ReportSettings.objects.filter(user=user_id).first()
    return found or ReportSettings(user_id=user_id)


def wishes_save(user_id: int, values: Mapping[str, Any]) -> ReportSettings:
    """Store these settings; those that are not among them are their defaults.

    Equal requests at the same time leave one row. Raises ``UnknownTimeZone``, ``UnknownLanguage``.
    """
    if (zone := values.get("time_zone")) and zone not in time_zones():
        raise UnknownTimeZone(zone)
    if (language := values.get("language")) and language not in dict(languages()):
        raise UnknownLanguage(language)
    defaults = {name: values[name] for name in FIELDS if name in values}
    blank = ReportSettings()
    stated = {name: getattr(blank, name) for name in FIELDS} | defaults
    wishes, _created = ReportSettings.objects.update_or_create(user_id=user_id, defaults=stated)
    return wishes


def wishes_reset(user_id: int) -> ReportSettings:
    """Back to the defaults."""
    ReportSettings.objects.filter(user=user_id).delete()
    return ReportSettings(user_id=user_id)
