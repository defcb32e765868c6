"""Tells llmconfig which models the live workers have at hand, for its admin and API to offer, and
the context windows of those that are loaded."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from django.db import DatabaseError

import llmconfig.resolution.known_models
import llmconfig.resolution.window_lookup
from llmconfig.values.model_names import normalise_model
from workers.process.registry.selectors import nodes_live

CACHE_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class Known:
    """What live workers have reported."""

    #: None: no live worker has reported its models yet.
    names: tuple[str, ...] | None = None
    #: By normalised name; of several servers the smallest.
    windows: Mapping[str, int] = field(default_factory=dict)


#: What is known, and the moment until which it holds.
_cached: tuple[Known, float] = (Known(), 0.0)


def announce() -> None:
    """Become llmconfig's provider of known models and of loaded windows."""
    llmconfig.resolution.known_models.register(known_names)
    llmconfig.resolution.window_lookup.register(known_windows)


def known_names() -> tuple[str, ...] | None:
    """The names, read at most every few seconds; the last known ones while the database is away."""
    return _known().names


def known_windows() -> Mapping[str, int]:
    """The windows of loaded models, in the same way."""
    return _known().windows


def forget() -> None:
    """Read anew at the next call."""
    global _cached
    _cached = Known(), 0.0


def _known() -> Known:
    global _cached
    known, until = _cached
    if time.monotonic() >= until:
        with suppress(DatabaseError):
            known = _read()
        _cached = known, time.monotonic() + CACHE_SECONDS
    return known


def _read() -> Known:
    # A worker that has not looked at its model server yet has neither models nor a version.
    nodes = nodes_live().values_list("known_models", "host_version")
    reported = [listed for listed, version in nodes if listed or version]
    models = [model for listed in reported for model in listed]
    windows: dict[str, int] = {}
    for model in models:
        if tokens := model.get("context_window"):
            name = normalise_model(model["name"])
            windows[name] = min(tokens, windows.get(name, tokens))
    names = tuple(sorted({model["name"] for model in models})) if reported else None
    return Known(names=names, windows=windows)
