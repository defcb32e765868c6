"""From ``EMAIL_URL`` to Django's settings of a mail server."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import django

SMTP = "config.smtp.EmailBackend"
#: How long a mail server may be silent.
TIMEOUT_SECONDS = 15
#: By scheme: its port, and which option asks for encryption (RFC 8314 prefers submissions).
_SCHEMES = {
    "smtp": (25, {}),
    "submission": (587, {"use_tls": True}),
    "submissions": (465, {"use_ssl": True}),
}

Mailer = dict[str, Any]


def mailer_parse(value: str) -> Mailer:
    """``submissions://user:password@host`` as an entry of Django's ``MAILERS``.

    Raises ValueError, which tells nothing of the value: it may hold a password.
    """
    accepted = "accepted: smtp://, submission:// or submissions://, user:password@host:port"
    try:
        url = urlsplit(value)
        port, encryption = _SCHEMES[url.scheme]
        port = url.port or port
    except (ValueError, KeyError):
        raise ValueError(accepted) from None
    if not url.hostname or url.path.strip("/") or url.query or url.fragment:
        raise ValueError(accepted)
    options = {
        "host": url.hostname,
        "port": port,
        "username": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "timeout": TIMEOUT_SECONDS,
        **encryption,
    }
    return {"BACKEND": SMTP, "OPTIONS": options}


def mailer_of_files(directory: object) -> Mailer:
    """Mails as files in a directory, to look at."""
    return {
        "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "OPTIONS": {"file_path": str(directory)},
    }


def settings_of(mailer: Mailer) -> Mapping[str, Any]:
    """The settings that make it Django's default: ``MAILERS``, or what Django before 6.1 reads."""
    if django.VERSION >= (6, 1):
        return {"MAILERS": {"default": mailer}}
    names = {"username": "HOST_USER", "password": "HOST_PASSWORD"}
    named = {
        f"EMAIL_{names.get(name, name.upper())}": value for name, value in mailer["OPTIONS"].items()
    }
    return {"EMAIL_BACKEND": mailer["BACKEND"], **named}
