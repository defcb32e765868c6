"""Tells llmconfig which models this installation's server has, for its admin to offer."""

from django.conf import settings
from django.core.cache import cache

import llmconfig.known_models
from workers import backend
from workers.outcomes import AttemptFailed

CACHE_SECONDS = 30


def announce() -> None:
    """Become llmconfig's provider of known models."""
    llmconfig.known_models.register(installed_models)


def installed_models() -> tuple[str, ...]:
    """The names that the model server lists, read at most every 30 s; empty while it is down."""
    key = f"installed-models:{settings.OLLAMA_HOST}"
    names: tuple[str, ...] | None = cache.get(key)
    if names is None:
        try:
            names = tuple(model.name for model in backend.installed(settings.OLLAMA_HOST))
        except AttemptFailed:
            names = ()
        cache.set(key, names, CACHE_SECONDS)
    return names
