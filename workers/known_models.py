"""Tells llmconfig which models the live workers have at hand, for its admin and API to offer."""

import time
from contextlib import suppress

from django.db import DatabaseError

import llmconfig.known_models
from workers.registry.selectors import nodes_live

CACHE_SECONDS = 3.0

#: Names, and the moment until which they hold.
_cached: tuple[tuple[str, ...], float] = ((), 0.0)


def announce() -> None:
    """Become llmconfig's provider of known models."""
    llmconfig.known_models.register(known_names)


def known_names() -> tuple[str, ...]:
    """The names, read at most every few seconds; the last known ones while the database is away."""
    global _cached
    names, until = _cached
    if time.monotonic() >= until:
        with suppress(DatabaseError):
            names = _read()
        _cached = names, time.monotonic() + CACHE_SECONDS
    return names


def forget() -> None:
    """Read anew at the next call."""
    global _cached
    _cached = (), 0.0


def _read() -> tuple[str, ...]:
    known = nodes_live().values_list("known_models", flat=True)
    return tuple(sorted({model["name"] for models in known for model in models}))
