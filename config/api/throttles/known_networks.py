"""Networks from which a user has logged in lately: the limit on a name does not refuse them.

Otherwise whoever tries wrong passwords for a name, from many networks, would lock its user out.
Kept in Redis; while that is away no network is known.
"""

from typing import Any

import redis
from django.contrib.auth.signals import user_logged_in
from django.db import DEFAULT_DB_ALIAS, connections
from django.dispatch import receiver

from config.api.throttles.names import name_digest
from config.api.throttles.windows import NAME
from llmconfig.audit.client_addresses import client_address, network_of
from llmconfig.cache import server
from llmconfig.cache.namespace import namespace
from llmconfig.cache.redis_keys import redis_key

KEPT_SECONDS = 30 * 86_400


def is_known(name: str, network: str) -> bool:
    """``name`` is a digest."""
    return bool(_ask("EXISTS", _key(name, network)))


@receiver(user_logged_in, dispatch_uid="config.known_networks")
def remember(user: Any, request: Any = None, **_: Any) -> None:
    network = network_of(client_address(request)) if request is not None else ""
    if network:
        key = _key(name_digest(user.get_username()), network)
        _ask("SET", key, "1", "EX", KEPT_SECONDS)


def _ask(*command: Any) -> Any:
    """The answer; None where Redis gives none."""
    try:
        return server.current().ask(lambda wire: _call(wire, command))
    except server.Unavailable:
        return None


def _call(wire: server.Wire, command: tuple[Any, ...]) -> Any:
    try:
        return wire.call(*command)
    except redis.ResponseError:
        # A server that is full still answers others: that is no outage.
        return None


def _key(name: str, network: str) -> str:
    return redis_key(f"{NAME}:{namespace(connections[DEFAULT_DB_ALIAS])}:known:{name}:{network}")
