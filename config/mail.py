"""From ``EMAIL_URL`` to Django's settings of a mail server."""

from collections.abc import Mapping
from typing import Any

import django

from config.variables.hidden import Hidden
from llmconfig.values.urls import AddressInvalid, address_parse

SMTP = "config.smtp.EmailBackend"
EXAMPLE = "submissions://user:password@host:465"
#: How long a mail server may be silent.
TIMEOUT_SECONDS = 15
#: By scheme: its port, and which option asks for encryption (RFC 8314 prefers submissions).
_SCHEMES = {
    "smtp": (25, {}),
    "submission": (587, {"use_tls": True}),
    "submissions": (465, {"use_ssl": True}),
}

Mailer = dict[str, Any]


def mailer_parse(value: str, password: str = "") -> Mailer:
    """``submissions://user:password@host`` as an entry of Django's ``MAILERS``.

    ``password`` is that of ``EMAIL_PASSWORD``. Raises ValueError.
    """
    url = address_parse(value, schemes=tuple(_SCHEMES), example=EXAMPLE)
    if not url.host or url.path.strip("/") or url.options:
        raise AddressInvalid(
            f"accepted: {', '.join(f'{name}://' for name in _SCHEMES)}, as {EXAMPLE}"
        )
    if password and url.password:
        raise AddressInvalid("it has a password, and EMAIL_PASSWORD has one; accepted: one of them")
    if password and not url.user:
        raise AddressInvalid(
            "it names no user for EMAIL_PASSWORD; accepted: submissions://user@host"
        )
    if not f"{url.user}{url.password}{password}".isascii():
        raise AddressInvalid("smtplib logs in by ASCII alone; accepted: a user and password of it")
    port, encryption = _SCHEMES[url.scheme]
    options = {
        "host": url.host,
        "port": url.port or port,
        "username": url.user or "",
        "password": Hidden(url.password or password),
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
