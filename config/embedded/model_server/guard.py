"""Keeps web pages out of a server that listens on loopback only.

A page can make a browser send requests to 127.0.0.1, directly or by a name of its own that resolves
to it (DNS rebinding). Both show in Host and Origin, which must then name this machine.
"""

import ipaddress
import socket
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL_SUFFIXES = (".localhost", ".local", ".internal")


class LocalOnly:
    """ASGI middleware that answers 403 to requests with a foreign Host or Origin."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_local(Headers(scope=scope)):
            message = "requests must name this machine in Host and Origin"
            refusal = JSONResponse({"error": message}, HTTPStatus.FORBIDDEN)
            return await refusal(scope, receive, send)
        return await self._app(scope, receive, send)


def is_loopback(host: str) -> bool:
    """Whether ``host`` is a loopback address or localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_local(headers: Headers) -> bool:
    origin = headers.get("origin")
    return _names_us(f"//{headers.get('host', '')}") and (origin is None or _names_us(origin))


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
