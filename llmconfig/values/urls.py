"""Strict parser of server addresses: one URL with user, password, hosts, port, path and options.

A character of a password that would end it early (``/ @ # ?``, a blank, a bare ``%``) is refused,
never guessed at. No message repeats any of the text, and no error of a library that would is kept:
the text may hold a password.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

ENCODE = (
    "special characters of user, password and options are percent-encoded:"
    " / as %2F, @ as %40, # as %23, ? as %3F, % as %25, a blank as %20"
)
MAX_LENGTH = 4096

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?:(?P<user>[^:/?#@]*)(?::(?P<password>[^/?#@]*))?@)?"
    r"(?P<hosts>[^/?#@]*)"
    r"(?P<path>/[^?#@]*)?"
    r"(?:\?(?P<query>[^#@]*))?"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|(?:[\w.~-]|%[0-9A-Fa-f]{2})*)(?::(?P<port>\d*))?")
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class AddressInvalid(ValueError):
    """The text names no server that can be used; the message says what does."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """The parts of a URL; user, password and options are decoded, the path is as written."""

    scheme: str
    #: None: not stated.
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    #: Host and port of each server; "" and None where they are not stated.
    hosts: tuple[tuple[str, int | None], ...] = (("", None),)
    path: str = ""
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def host(self) -> str:
        return self.hosts[0][0]

    @property
    def port(self) -> int | None:
        return self.hosts[0][1]


def address_parse(
    text: str, *, schemes: Collection[str], example: str, several_hosts: bool = False
) -> Address:
    """The address that a text names. Raises ``AddressInvalid``, which shows ``example``.

    ``several_hosts``: hosts with commas between, as PostgreSQL takes them.
    """
    accepted = f"{_listed(schemes)}, for example {example}; {ENCODE}"
    found, scheme = _URL.fullmatch(text), _SCHEME.match(text)
    if scheme is None or scheme[0][:-3].lower() not in schemes:
        raise AddressInvalid(f"accepted: {accepted}")
    if found is None or len(text) > MAX_LENGTH or not _is_plain(text):
        raise AddressInvalid(f"its parts cannot be told apart; accepted: {accepted}")
    hosts = found["hosts"].split(",") if several_hosts else [found["hosts"]]
    try:
        return Address(
            scheme=found["scheme"].lower(),
            user=_decoded(found["user"]),
            password=_decoded(found["password"]),
            hosts=tuple(map(_host, hosts)),
            path=found["path"] or "",
            options=_options(found["query"] or ""),
        )
    except ValueError as error:
        told = str(error) if isinstance(error, AddressInvalid) else "it is not UTF-8"
        raise AddressInvalid(f"{told}; accepted: {accepted}") from None


def has_scheme(text: str) -> bool:
    """Whether the text begins like a URL."""
    return _SCHEME.match(text) is not None


def _listed(schemes: Collection[str]) -> str:
    *first, last = (f"{scheme}://" for scheme in schemes)
    return f"{', '.join(first)} or {last}" if first else last


def _is_plain(text: str) -> bool:
    return text.isprintable() and " " not in text and not _BARE_PERCENT.search(text)


def _decoded(text: str | None) -> str | None:
    decoded = None if text is None else unquote(text, errors="strict")
    if decoded and "\0" in decoded:
        raise AddressInvalid("no part may hold the character NUL")
    return decoded


def _host(text: str) -> tuple[str, int | None]:
    found = _HOST.fullmatch(text)
    if found is None:
        raise AddressInvalid("host and port cannot be read")
    port = found["port"]
    if port and not (len(port) < 6 and 1 <= int(port) <= 65_535):
        raise AddressInvalid("a port is a number from 1 to 65535")
    host = found["host"].strip("[]") if found["host"].startswith("[") else found["host"]
    return unquote(host, errors="strict"), int(port) if port else None


def _options(query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise AddressInvalid("options are written as name=value, with & between")
        key = unquote(name, errors="strict")
        if key in options:
            raise AddressInvalid("an option is stated twice")
        options[key] = _decoded(value) or ""
    return options
