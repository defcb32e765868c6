"""Settings of the test suite: real services, fast passwords, no developer's key."""

from config.settings.base import *  # noqa: F403  (Django's way to layer settings modules)
from config.settings.base import CELERY_BROKER_TRANSPORT_OPTIONS, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "devstack"]
SECRET_KEY = "only-for-tests"  # noqa: S105  (signs nothing outside the test suite)
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# No limits, whatever the environment says: the tests of limits set their own.
API_RATE_READ = API_RATE_CONFIG_WRITE = API_RATE_SUBMIT = API_RATE_LOGIN = ""
# Static files as they lie in the packages; nothing is collected.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
# The suite's worker runs in the process that publishes, and reads patiently (config.celery).
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **CELERY_BROKER_TRANSPORT_OPTIONS,
    **({"socket_timeout": 15} if "socket_timeout" in CELERY_BROKER_TRANSPORT_OPTIONS else {}),
    **({"read_timeout": 0} if "read_timeout" in CELERY_BROKER_TRANSPORT_OPTIONS else {}),
}
