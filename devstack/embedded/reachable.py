"""Whether the servers that variables name can be reached, asked before anything depends on them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psycopg
import redis
from django.utils.translation import gettext_lazy as _
from kombu import Connection

from config.variables.broker import Broker
from config.variables.reading import Variables, is_named
from config.variables.servers import servers_read
from devstack.embedded.errors import StackError

TIMEOUT_SECONDS = 5


def require(environ: Mapping[str, str]) -> None:
    """Raise ``StackError`` with one line for each named server that does not answer.

    Values are not shown: they may hold passwords. Ollama may come later; runs wait for it.
    """
    if problems := list(_problems(environ)):
        raise StackError(_("Not reachable:\n%(lines)s"), lines="\n".join(problems))


def _problems(environ: Mapping[str, str]) -> Iterator[str]:
    variables = Variables(environ, {})
    servers = servers_read(variables)
    yield from variables.problems
    probes: dict[str, tuple[object, Callable[[], None]]] = {
        "DATABASE_URL": (servers["database"], lambda: _database(servers["database"])),
        "REDIS_URL": (servers["redis"], lambda: _redis(servers["redis"].url())),
        "CELERY_BROKER_URL": (servers["broker"], lambda: _broker(servers["broker"])),
    }
    for variable, (server, probe) in probes.items():
        if server and is_named(variable, environ):
            try:
                probe()
            except Exception as error:  # each transport of the broker has errors of its own
                yield f"{variable}: {' '.join(str(error).split())}"


def _database(parameters: Mapping[str, Any]) -> None:
    psycopg.connect(**{"connect_timeout": TIMEOUT_SECONDS, **parameters}).close()


def _redis(url: str) -> None:
    with redis.Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS) as client:
        client.ping()


def _broker(broker: Broker) -> None:
    with Connection(
        broker.url,
        ssl=dict(broker.tls) or False,
        connect_timeout=TIMEOUT_SECONDS,
        transport_options={**broker.options, "socket_timeout": TIMEOUT_SECONDS}
        if broker.is_redis
        else {},
    ) as connection:
        connection.ensure_connection(max_retries=0)
