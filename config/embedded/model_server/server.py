"""Listens, announces the address when requests are answered, and ends on SIGINT and SIGTERM."""

import os
import signal
import socket
import sys

import uvicorn
from starlette.types import ASGIApp

from config.embedded.model_server.engine import Engine
from config.embedded.model_server.errors import StartError
from config.embedded.model_server.guard import LocalOnly, is_loopback
from config.embedded.model_server.texts import gettext as _

STOP_SECONDS = 2
#: Longer than clients keep idle connections, so that none is closed while it is used again.
KEEP_ALIVE_SECONDS = 75


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


def serve(app: ASGIApp, engine: Engine, listener: socket.socket) -> None:
    """Answer requests until SIGINT or SIGTERM; running generations then end with an error."""
    loopback = is_loopback(listener.getsockname()[0])
    server = _Server(
        uvicorn.Config(
            LocalOnly(app) if loopback else app,
            http="h11",
            ws="none",
            lifespan="off",
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
        ),
        engine,
    )
    # The signal has done its work when uvicorn raises it again after its end.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, engine: Engine) -> None:
        super().__init__(config)
        self._engine = engine

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            sys.stdout.write(_("Model server ready at %s") % url(listener) + "\n")
        sys.stdout.flush()

    def handle_exit(self, sig: int, frame: object) -> None:
        self._engine.close()
        super().handle_exit(sig, frame)  # type: ignore[arg-type]
