"""``REDIS_URL``, and what each client makes of it: redis-py a URL, kombu a URL and options.

The two read URLs differently: an option that one knows is an error of the other, and a socket has
another scheme. So both get a URL of our making.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlencode

from config.env_values import flag, whole
from config.variables.tls import OPTIONS as TLS_OPTIONS
from config.variables.tls import Tls, tls_parse
from llmconfig.values.urls import Address, AddressInvalid, address_parse

#: The last one is kombu's spelling of ``unix``.
SCHEMES = ("redis", "rediss", "unix", "redis+socket")
SOCKETS = ("unix", "redis+socket")
EXAMPLE = "redis://user:password@host:6379/0"
SOCKET_EXAMPLE = "unix:///run/redis.sock?db=0"
#: Options of every server, of one with a host, and of a socket. Time limits are the service's own.
OPTIONS = ("db", "client_name", "health_check_interval")
HOST_OPTIONS = (*OPTIONS, "socket_keepalive")
SOCKET_OPTIONS = (*OPTIONS, "virtual_host")
PORT = 6379

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Redis:
    """A Redis server and a database of it."""

    host: str = "localhost"
    port: int = PORT
    #: Path of a Unix socket, in place of host and port.
    socket: str = ""
    db: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls | None = None
    client_name: str = ""
    health_check_seconds: int = 0
    keepalive: bool = False

    def url(self) -> str:
        """For redis-py."""
        scheme = "unix" if self.socket else "rediss" if self.tls else "redis"
        options = {
            **({"db": str(self.db)} if self.socket else {}),
            **(self.tls.for_redis_py() if self.tls else {}),
            **{name: str(value) for name, value in self._both_know().items()},
        }
        return f"{scheme}://{self._located()}{f'?{urlencode(options)}' if options else ''}"

    def broker_url(self) -> str:
        """For kombu."""
        if self.socket:
            return f"redis+socket://{self._located()}?virtual_host={self.db}"
        return f"{'rediss' if self.tls else 'redis'}://{self._located()}"

    def broker_tls(self) -> dict[str, Any]:
        """Celery's ``broker_use_ssl``; empty for none."""
        return self.tls.for_kombu_redis() if self.tls else {}

    def broker_options(self) -> dict[str, Any]:
        """Celery's ``broker_transport_options``."""
        return self._both_know()

    def _both_know(self) -> dict[str, Any]:
        stated = {
            "client_name": self.client_name,
            "health_check_interval": self.health_check_seconds,
            "socket_keepalive": self.keepalive,
        }
        return {name: value for name, value in stated.items() if value}

    def _located(self) -> str:
        if self.socket:
            return userinfo(self.user, self.password) + quote(self.socket)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{userinfo(self.user, self.password)}{host}:{self.port}/{self.db}"


def redis_parse(text: str, password: str = "", *, variable: str = "REDIS_PASSWORD") -> Redis:
    """A Redis URL, and the password that ``variable`` states. Raises ValueError."""
    address = address_parse(text, schemes=SCHEMES, example=EXAMPLE)
    if password and address.password:
        raise AddressInvalid(f"it has a password, and {variable} has one; accepted: one of them")
    try:
        return _redis(address, password)
    except ValueError as error:
        raise AddressInvalid(f"{error}; accepted: {EXAMPLE} or {SOCKET_EXAMPLE}") from None


def userinfo(user: str, password: str) -> str:
    """User and password as they stand in a URL; "" where neither is stated."""
    if not (user or password):
        return ""
    return f"{quote(user, safe='')}{f':{quote(password, safe=str())}' if password else ''}@"


def _redis(address: Address, password: str) -> Redis:
    options = address.options
    _refuse_unknown(options, address.scheme)
    return Redis(
        **_place(address),
        user=address.user or "",
        password=address.password or password,
        tls=tls_parse(options) if address.scheme == "rediss" else None,
        client_name=_option(options, "client_name", "", _word),
        health_check_seconds=_option(options, "health_check_interval", "0", whole(0, 3600)),
        keepalive=_option(options, "socket_keepalive", "false", flag),
    )


def _place(address: Address) -> dict[str, Any]:
    numbers = [address.options[name] for name in ("db", "virtual_host") if name in address.options]
    if address.scheme in SOCKETS:
        if address.host or not address.path.strip("/"):
            raise ValueError("a socket's path begins behind the two slashes with a third one")
        return {"socket": unquote(address.path), "db": _database(numbers)}
    path = address.path.strip("/")
    return {
        "host": address.host or "localhost",
        "port": address.port or PORT,
        "db": _database([*numbers, path] if path else numbers),
    }


def _database(numbers: list[str]) -> int:
    if len(set(numbers)) > 1:
        raise ValueError("two databases are named")
    return _option({"db": numbers[0]} if numbers else {}, "db", "0", whole(0, 65_535))


def _option(
    options: Mapping[str, str], name: str, default: str, parse: Callable[[str], Value]
) -> Value:
    try:
        return parse(options.get(name, default))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _word(text: str) -> str:
    """As ``CLIENT SETNAME`` takes it."""
    if not re.fullmatch(r"[!-~]*", text):
        raise ValueError("accepted: ASCII without blanks")
    return text


def _refuse_unknown(options: Mapping[str, str], scheme: str) -> None:
    """A name is not repeated: behind a raw ? of a password it may be a part of that."""
    if options.keys() & set(TLS_OPTIONS) and scheme != "rediss":
        raise ValueError("options that begin with ssl_ need rediss://")
    known = [*(SOCKET_OPTIONS if scheme in SOCKETS else HOST_OPTIONS)]
    known += TLS_OPTIONS if scheme == "rediss" else ()
    if options.keys() - set(known):
        raise ValueError(f"an option is not accepted; accepted options: {', '.join(known)}")
