"""The test settings with django-waffle and django-constance beside us, on the same Redis."""

from config.settings.test import *  # noqa: F403  (Django's way to layer settings modules)
from config.settings.test import INSTALLED_APPS, REDIS_URL

INSTALLED_APPS = [*INSTALLED_APPS, "waffle", "constance"]
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}
CONSTANCE_BACKEND = "constance.backends.redisd.RedisBackend"
CONSTANCE_REDIS_CONNECTION = REDIS_URL
#: The seven values that a decision has.
CONSTANCE_CONFIG = {
    "MODEL": ("file:3b", ""),
    "FALLBACK_MODEL": ("file:1b", ""),
    "TIMEOUT_SECONDS": (45, ""),
    "FIRST_TOKEN_TIMEOUT_SECONDS": (10, ""),
    "MAX_RETRIES": (2, ""),
    "DEADLINE_SECONDS": (600, ""),
    "TEMPERATURE": (0.5, ""),
}
