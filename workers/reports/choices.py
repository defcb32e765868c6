"""Choices of a person's report settings."""

from functools import cache
from zoneinfo import available_timezones

from django.conf.locale import LANG_INFO

HOURS = range(24)
#: Under which the system's database may have everything once more.
_AGAIN = ("posix/", "right/", "SystemV/")
_NAMELESS = {"Factory", "localtime", "posixrules"}


@cache
def time_zones() -> tuple[str, ...]:
    """Names of the IANA database, in their order."""
    names = available_timezones() - _NAMELESS
    return tuple(sorted(name for name in names if not name.startswith(_AGAIN)))


@cache
def time_zones_offered() -> tuple[str, ...]:
    """Those of them that somebody lives in: what a list offers."""
    return tuple(name for name in time_zones() if not name.startswith("Etc/"))


@cache
def languages() -> tuple[tuple[str, str], ...]:
    """Language tags, each with the language's own name, in the order of the names."""
    named = {
        tag: str(told["name_local"]) for tag, told in LANG_INFO.items() if "name_local" in told
    }
    return tuple(sorted(named.items(), key=lambda item: item[1].casefold()))
