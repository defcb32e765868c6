"""Settings for a machine of one's own, with the embedded parts by default."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.core.exceptions import ImproperlyConfigured

from config.mail import mailer_of_files, settings_of
from config.settings.base import *  # noqa: F403  (Django's way to layer settings modules)
from config.settings.base import ENVIRONMENT, INSTALLED_APPS, LLMCONFIG_HOME, MIDDLEWARE
from config.variables.hidden import Hidden


def _own_secret_key(path: Path) -> str:
    """The key of this installation, made once; readable by its owner alone."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            # Linked when it is whole, so that no second process reads half a key.
            with NamedTemporaryFile("w", dir=path.parent) as made:
                made.write(secrets.token_urlsafe(50))
                made.flush()
                with suppress(FileExistsError):
                    os.link(made.name, path)
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"LLMCONFIG_HOME: {path.parent} cannot be used: {error.strerror}"
        ) from error


DEBUG = True
INSTALLED_APPS = [*INSTALLED_APPS, "devstack"]
MIDDLEWARE = ["config.problems.known_hosts", *MIDDLEWARE]
SECRET_KEY = Hidden(ENVIRONMENT.secret_key or _own_secret_key(LLMCONFIG_HOME / "secret-key"))
ALLOWED_HOSTS = [*ENVIRONMENT.allowed_hosts, "localhost", "127.0.0.1", "[::1]"]

if ENVIRONMENT.mailer is None:
    # Without a server, mails are files to look at.
    REPORT_MAIL = True
    globals().update(settings_of(mailer_of_files(LLMCONFIG_HOME / "mails")))
