"""``CELERY_BROKER_URL`` as Celery's settings: Redis or RabbitMQ, alone or as a list of nodes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from config.variables.redis import SCHEMES as REDIS_SCHEMES
from config.variables.redis import Redis, redis_parse, userinfo
from config.variables.tls import OPTIONS, Tls, tls_parse
from llmconfig.values.urls import Address, AddressInvalid, address_parse

AMQP_SCHEMES = ("amqp", "amqps", "pyamqp")
SCHEMES = (*REDIS_SCHEMES, *AMQP_SCHEMES)
EXAMPLE = "amqp://user:password@host:5672//"
PASSWORD = "CELERY_BROKER_PASSWORD"  # noqa: S105  (the name of a variable)
#: Between the URLs of nodes, and nowhere else: a password may hold a semicolon.
_NEXT_NODE = re.compile(r";(?=[A-Za-z+]+://)")


@dataclass(frozen=True, kw_only=True)
class Broker:
    """Celery's settings of the broker."""

    url: str = field(repr=False)
    is_redis: bool
    #: ``broker_use_ssl``; empty for none.
    tls: Mapping[str, Any] = field(default_factory=dict)
    #: Of ``broker_transport_options``.
    options: Mapping[str, Any] = field(default_factory=dict)


def broker_parse(text: str, password: str = "") -> Broker:
    """A URL, or several of RabbitMQ with ; between. Raises ValueError."""
    address_parse(_NEXT_NODE.split(text)[0], schemes=SCHEMES, example=EXAMPLE)
    if text.lower().startswith(REDIS_SCHEMES):
        return broker_of_redis(redis_parse(text, password, variable=PASSWORD))
    nodes = [_node(node, password) for node in _NEXT_NODE.split(text)]
    if any(node.tls != nodes[0].tls for node in nodes):
        raise AddressInvalid(f"all nodes have the same options; accepted: {EXAMPLE}")
    return Broker(url=";".join(node.url for node in nodes), is_redis=False, tls=nodes[0].tls)


def broker_of_redis(redis: Redis) -> Broker:
    """The broker in a Redis."""
    return Broker(
        url=redis.broker_url(),
        is_redis=True,
        tls=redis.broker_tls(),
        options=redis.broker_options(),
    )


def _node(text: str, password: str) -> Broker:
    address = address_parse(text, schemes=AMQP_SCHEMES, example=EXAMPLE)
    host = f"[{address.host}]" if ":" in address.host else quote(address.host)
    port = f":{address.port}" if address.port else ""
    login = userinfo(address.user or "", _password(address, password))
    tls = _tls(address)
    return Broker(
        url=f"{address.scheme}://{login}{host}{port}{address.path}",
        is_redis=False,
        tls=tls.for_amqp() if tls else {},
    )


def _password(address: Address, password: str) -> str:
    if password and address.password:
        raise AddressInvalid(f"it has a password, and {PASSWORD} has one; accepted: one of them")
    if password and not address.user:
        raise AddressInvalid(f"it names no user for {PASSWORD}; accepted: amqp://user@host//")
    return address.password or password


def _tls(address: Address) -> Tls | None:
    is_tls = address.scheme == "amqps"
    if address.options.keys() - set(OPTIONS if is_tls else ()):
        told = f"with options of {', '.join(OPTIONS)}" if is_tls else "without options"
        raise AddressInvalid(f"an option is not accepted; accepted: {EXAMPLE} {told}")
    try:
        return tls_parse(address.options) if is_tls else None
    except ValueError as error:
        raise AddressInvalid(f"{error}; accepted: {EXAMPLE}") from None
