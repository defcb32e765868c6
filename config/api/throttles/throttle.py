"""The one throttle of all views: which limit a call falls under, and who is counted.

``GET``, ``HEAD`` and ``OPTIONS`` are reads. Any other method is a configuration write unless the
view says what it is: ``rate_scopes = {"POST": "submit"}``.

A user is counted under every address. An address that several people share may make
``ADDRESS_FACTOR`` times as many calls as one of them; who has not logged in is counted by the
address alone, and log-ins by the address and, where its user has not logged in from there lately,
by the name that is tried: ``ADDRESS_FACTOR`` addresses at once may try it.
"""

from collections.abc import Iterator
from typing import Any

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from config.api.throttles.known_networks import is_known
from config.api.throttles.limits import CONFIG_WRITE, LOGIN, READ, limits, rate_of
from config.api.throttles.names import name_digest
from config.api.throttles.rates import Rate
from config.api.throttles.windows import Bucket
from llmconfig.audit.client_addresses import client_address, network_of

ADDRESS_FACTOR = 10


class RateThrottle(BaseThrottle):
    """Set for every view by ``DEFAULT_THROTTLE_CLASSES``; a new view need not think of it."""

    _wait = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        scope = scope_of(request.method or "", view)
        rate = rate_of(scope)
        if rate is None:
            return True
        self._wait = limits.admit(scope, list(_buckets(request, scope, rate)))
        return self._wait <= 0

    def wait(self) -> float:
        """Seconds, which the framework rounds up for ``Retry-After``."""
        return self._wait


def scope_of(method: str, view: Any) -> str:
    """The limit that a method of a view falls under."""
    stated: str | None = getattr(view, "rate_scopes", {}).get(method)
    return stated or (READ if method in SAFE_METHODS else CONFIG_WRITE)


def _buckets(request: Request, scope: str, rate: Rate) -> Iterator[Bucket]:
    network = network_of(client_address(request))
    if scope == LOGIN:
        body = request.data
        name = body.get("username") if isinstance(body, dict) else None
        yield from login_buckets(network, name, rate)
    elif request.user.is_authenticated:
        yield Bucket(f"{scope}:user:{request.user.pk}", rate)
        yield Bucket(f"{scope}:shared:{network}", rate.times(ADDRESS_FACTOR))
    else:
        yield Bucket(f"{scope}:address:{network}", rate)


def login_buckets(network: str, name: object, rate: Rate) -> Iterator[Bucket]:
    """What a log-in counts in: the network, whatever names are tried from there; and the name that
    was typed, whose wider limit only a network of its user's passes."""
    digest = name_digest(name)
    yield Bucket(f"{LOGIN}:address:{network}", rate)
    if not is_known(digest, network):
        yield Bucket(f"{LOGIN}:name:{digest}", rate.times(ADDRESS_FACTOR))
