"""Names of keys and channels in Redis, below the prefix of this installation."""

from django.conf import settings


def redis_key(name: str) -> str:
    """``llmconfig:NAME`` with ``REDIS_KEY_PREFIX`` before it."""
    return f"{settings.REDIS_KEY_PREFIX}llmconfig:{name}"
