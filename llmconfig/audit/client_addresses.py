"""Client address of a request, behind trusted proxies."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.settings import api_settings

#: What one customer of an internet provider has, and may take any address from.
IPV6_PREFIX = 64


def client_address(request: HttpRequest | Request) -> str:
    """The caller's IP address, "" where none is known.

    Each proxy adds the address that called it to ``X-Forwarded-For``: of these the last
    ``NUM_PROXIES`` are by our own proxies, and all before them is what the caller likes to claim.
    Without proxies (the default) the header is not read.
    """
    proxies = api_settings.NUM_PROXIES or 0
    told = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    forwarded = told[-min(proxies, len(told))] if proxies else ""
    return _address(forwarded) or _address(request.META.get("REMOTE_ADDR") or "")


def network_of(address: str) -> str:
    """What is counted as one address: the address itself, of IPv6 its /64."""
    if ":" not in address:
        return address
    return str(ip_network((address, IPV6_PREFIX), strict=False))


def _address(text: str) -> str:
    """The address in its one spelling; some proxies add a port. "": it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
