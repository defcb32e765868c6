"""Keeps databases apart that share one Redis: tests, projects, copies."""

import hashlib
from functools import lru_cache

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper


def namespace(connection: BaseDatabaseWrapper) -> str:
    """The same in all processes that name the database alike; ``LLM_CACHE_NAMESPACE`` is for those
    that do not."""
    database = connection.settings_dict
    place = settings.LLM_CACHE_NAMESPACE or f"{database['HOST']}:{database['PORT']}"
    return _digest(f"{place}/{database['NAME']}")


@lru_cache(maxsize=8)
def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:12]
