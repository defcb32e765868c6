"""Whether the servers that variables name can be reached, asked before anything depends on them."""

import socket
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import psycopg
import redis
from django.utils.translation import gettext_lazy as _

from config.embedded.errors import StackError

TIMEOUT_SECONDS = 5
PORTS = {"amqp": 5672, "pyamqp": 5672, "amqps": 5671}


def require(environ: Mapping[str, str]) -> None:
    """Raise ``StackError`` with one line for each named server that does not answer.

    Values are not shown: they may hold passwords. Ollama may come later; runs wait for it.
    """
    if problems := list(_problems(environ)):
        lines = [f"{variable}: {reason}" for variable, reason in problems]
        raise StackError(_("Not reachable:\n%(lines)s"), lines="\n".join(lines))


def _problems(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    probes = {"DATABASE_URL": _database, "REDIS_URL": _redis, "CELERY_BROKER_URL": _broker}
    for variable, probe in probes.items():
        if url := environ.get(variable):
            try:
                probe(url)
            except (OSError, ValueError, psycopg.Error, redis.RedisError) as error:
                yield variable, " ".join(str(error).split())


def _database(url: str) -> None:
    psycopg.connect(url, connect_timeout=TIMEOUT_SECONDS).close()


def _redis(url: str) -> None:
    with redis.Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS) as client:
        client.ping()


def _broker(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in PORTS:
        return _redis(url)
    address = (parts.hostname or "localhost", parts.port or PORTS[parts.scheme])
    return socket.create_connection(address, TIMEOUT_SECONDS).close()
