"""Settings for production. Nothing secret has a default: what is missing is named and refused."""

from config.env import EnvironmentInvalid
from config.settings.base import *  # noqa: F403  (Django's way to layer settings modules)
from config.settings.base import ENVIRONMENT, SILENCED_SYSTEM_CHECKS, STORAGES
from config.variables.database import EXAMPLE
from config.variables.hidden import Hidden
from config.variables.web import HOSTS

_missing = [
    f"{name}: not set, and production has no default for it; accepted: {accepted}"
    for name, value, accepted in (
        ("SECRET_KEY", ENVIRONMENT.secret_key, "50 characters or more that nobody can guess"),
        ("ALLOWED_HOSTS", ENVIRONMENT.allowed_hosts, HOSTS),
        ("DATABASE_URL", ENVIRONMENT.database, f"{EXAMPLE}, or DATABASE_HOST and DATABASE_NAME"),
    )
    if not value
]
if _missing:
    raise EnvironmentInvalid(_missing)

DEBUG = False
SECRET_KEY = Hidden(ENVIRONMENT.secret_key or "")
SECURE_SSL_REDIRECT = ENVIRONMENT.ssl_redirect
# Also below a path, which Django's middleware sees before them.
SECURE_REDIRECT_EXEMPT = [r"(?:^|/)(?:healthz|readyz)$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = ENVIRONMENT.hsts_seconds
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENVIRONMENT.hsts_subdomains
SECURE_HSTS_PRELOAD = ENVIRONMENT.hsts_preload
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.secure_cookies
# Names below this host, and lists that browsers ship, are decided on by whoever has the domain.
SILENCED_SYSTEM_CHECKS = [*SILENCED_SYSTEM_CHECKS, "security.W005", "security.W021"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "config.static_files.ManifestStorage"}}
