"""Settings for production. Nothing secret has a default: what is missing is named and refused."""

from config.env import EnvironmentInvalid
from config.settings.base import *  # noqa: F403  (Django's way to layer settings modules)
from config.settings.base import ENVIRONMENT

_missing = [
    f"{name}: not set; production has no default for it"
    for name, value in {
        "SECRET_KEY": ENVIRONMENT.secret_key,
        "ALLOWED_HOSTS": ENVIRONMENT.allowed_hosts,
        "DATABASE_URL": ENVIRONMENT.database,
    }.items()
    if not value
]
if _missing:
    raise EnvironmentInvalid(_missing)

DEBUG = False
SECRET_KEY = ENVIRONMENT.secret_key
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
