"""Keeps web pages out of a server that listens on loopback only.

A page can make a browser send requests to 127.0.0.1, directly or by a name of its own that resolves
to it (DNS rebinding). Both show in Host and Origin, which must then name this machine.
"""

import ipaddress
import socket
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from workers.testing.ollama_http.errors import RequestError

LOCAL_SUFFIXES = (".localhost", ".local", ".internal")


def check_local(headers: Mapping[str, str]) -> None:
    """Raises RequestError 403 for a foreign Host or Origin; names of headers are in lower case."""
    origin = headers.get("origin")
    if not (_names_us(f"//{headers.get('host', '')}") and (origin is None or _names_us(origin))):
        message = "requests must name this machine in Host and Origin"
        raise RequestError(message, HTTPStatus.FORBIDDEN)


def is_loopback(host: str) -> bool:
    """Whether ``host`` is a loopback address or localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _names_us(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host in {"localhost", socket.gethostname().lower()} or host.endswith(LOCAL_SUFFIXES):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_private or address.is_unspecified
