"""Listens, announces the address when requests are answered, and ends on SIGINT and SIGTERM."""

import asyncio
import os
import signal
import socket
import sys

from devstack.model_server.engine import Engine
from devstack.model_server.errors import StartError
from devstack.model_server.guard import check_local, is_loopback
from devstack.model_server.texts import gettext as _
from workers.testing.ollama_http.connection import Connection, Limits, Request
from workers.testing.ollama_http.front import Front
from workers.testing.ollama_http.models import Models
from workers.testing.ollama_http.server import Handler, Server, until_gone

STOP_SECONDS = 2
#: Longer than clients keep idle connections, so that none is closed while it is used again.
IDLE_SECONDS = 75
BODY_BYTES = 4 * 2**20
LIMITS = Limits(body=BODY_BYTES, read=4 * BODY_BYTES)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; connections wait until they are served. Raises ``StartError``."""
    try:
        family, *_rest, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        place = {"host": host, "port": port, "reason": reason}
        raise StartError(
            _("Cannot listen on %(host)s port %(port)s: %(reason)s") % place
        ) from error


def url(listener: socket.socket) -> str:
    """The address of the server, as OLLAMA_HOST wants it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(models: Models, engine: Engine, listener: socket.socket) -> None:
    """Answer requests until SIGINT or SIGTERM; running generations then end with an error."""
    asyncio.run(_serve(models, engine, listener))


async def _serve(models: Models, engine: Engine, listener: socket.socket) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    server = Server(_handler(models, listener), limits=LIMITS, idle_seconds=IDLE_SECONDS)
    address = url(listener)
    await server.listen_on(listener)
    sys.stdout.write(_("Model server ready at %s") % address + "\n")
    sys.stdout.flush()
    await ended.wait()
    engine.close()
    await server.close(grace_seconds=STOP_SECONDS)


def _handler(models: Models, listener: socket.socket) -> Handler:
    front, guarded = Front(models), is_loopback(listener.getsockname()[0])

    async def answer(connection: Connection, request: Request) -> None:
        if guarded:
            check_local(request.headers)
        await until_gone(connection, front.answer(connection, request))

    return answer
