"""Names and origins by which browsers reach the pages, as Django compares them.

Django compares ``ALLOWED_HOSTS`` with a host without a port, and ``CSRF_TRUSTED_ORIGINS`` with what
a browser sends as ``Origin``: lower case, no slash at the end, no port that is the scheme's own.
"""

import re

from llmconfig.values.texts import shown
from llmconfig.values.urls import AddressInvalid, address_parse

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"\*|\.?{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\]")
_ORIGIN = re.compile(
    rf"(?P<scheme>https?)://(?P<host>(?:\*\.)?{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[1-9]\d{0,4}))?/?"
)
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+/?|/")
_DEFAULT_PORTS = {"http": "80", "https": "443"}

HOSTS = (
    "host names with commas between, without scheme, port and path, as app.example,"
    " .example (with all names below it), 10.0.0.7, [::1] or *"
)
ORIGINS = (
    "origins with commas between, without a path, as https://app.example,"
    " https://*.app.example or http://localhost:8000"
)


def hosts_parse(text: str) -> tuple[str, ...]:
    """``ALLOWED_HOSTS``. Raises ValueError."""
    hosts = [host.rstrip(".") if host != "." else host for host in _listed(text.lower())]
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise ValueError(f"accepted: {HOSTS}; found: {shown(host)}")
    return tuple(hosts)


def origins_parse(text: str) -> tuple[str, ...]:
    """``CSRF_TRUSTED_ORIGINS``. Raises ValueError."""
    return tuple(map(_origin, _listed(text.lower())))


def _origin(text: str) -> str:
    found = _ORIGIN.fullmatch(text)
    if found is None or int(found["port"] or 0) > 65_535:
        raise ValueError(f"accepted: {ORIGINS}; found: {shown(text)}")
    port = found["port"] if found["port"] != _DEFAULT_PORTS[found["scheme"]] else None
    return f"{found['scheme']}://{found['host']}{f':{port}' if port else ''}"


def site_parse(text: str) -> str:
    """``SITE_URL``, without a slash at its end. Raises ValueError."""
    example = "https://app.example"
    address = address_parse(text, schemes=("https", "http"), example=example)
    if not address.host or address.user is not None or address.options:
        raise AddressInvalid(f"it has a user or options; accepted: {example}, with a path or not")
    return text.rstrip("/")


def path_parse(text: str) -> str:
    """``FORCE_SCRIPT_NAME``, without a slash at its end. Raises ValueError."""
    if not _PATH.fullmatch(text):
        raise ValueError(f"accepted: a path from the first slash on, as /llm; found: {shown(text)}")
    return text.rstrip("/")


def _listed(text: str) -> list[str]:
    return [part for part in map(str.strip, text.split(",")) if part]
