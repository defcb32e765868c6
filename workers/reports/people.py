"""Time zone and language of a person, from settings or the server's defaults."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from workers.reports.models import ReportSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a report takes from its person's settings."""

    zone: ZoneInfo
    #: A language tag.
    language: str


def place_of(stated: ReportSettings | None) -> Place:
    """The place that settings state; without them, the server's."""
    zone = stated.time_zone if stated else ""
    language = stated.language if stated else ""
    return Place(zone=zone_named(zone), language=language or settings.LANGUAGE_CODE)


def zone_named(name: str) -> ZoneInfo:
    """The zone of a stored name. The server's for none, and for one that the system's time zone
    database does not know any more."""
    try:
        return ZoneInfo(name or settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        logger.warning("There is no time zone %r; using %s", name, settings.TIME_ZONE)
        return ZoneInfo(settings.TIME_ZONE)


def places_of(user_ids: Iterable[int]) -> dict[int, Place]:
    """The places of these users, in one query."""
    listed = list(user_ids)
    stated = ReportSettings.objects.in_bulk(listed)
    return {user_id: place_of(stated.get(user_id)) for user_id in listed}
