"""The worker's own HTTP port. It reads no body, needs no login, and so listens on this machine only
unless told otherwise."""

import logging
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from workers.process.metrics_server.answers import Answers

logger = logging.getLogger(__name__)

WILDCARDS = {"", "0.0.0.0", "::"}  # noqa: S104  (where an operator says so)
#: For a client to send its request, and to take each piece of the answer.
SOCKET_SECONDS = 5.0


class Server(ThreadingHTTPServer):
    """Answers until it is closed, in threads of its own."""

    daemon_threads = True
    # A port that another worker listens on is taken, and no second listener joins it.
    allow_reuse_port = False

    def __init__(self, address: str, port: int, answers: Answers) -> None:
        self.answers = answers
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), _Handler)

    def server_bind(self) -> None:
        # Not HTTPServer's, which looks the address up in DNS and may wait for it.
        TCPServer.server_bind(self)

    @property
    def url(self) -> str:
        """Where it is reached, by this machine's name if it listens everywhere."""
        address, port = self.server_address[:2]
        host = socket.gethostname() if address in WILDCARDS else str(address)
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def start(self) -> None:
        """Answer from now on."""
        threading.Thread(target=self.serve_forever, name="metrics", daemon=True).start()

    def stop(self) -> None:
        """Close the port."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        left = isinstance(error, OSError)
        logger.log(logging.DEBUG if left else logging.ERROR, "No answer", exc_info=error)


def server_open(answers: Answers) -> Server | None:
    """A server that answers where the settings say; None: none is wanted, or it is not to be had.

    A port that is taken is one line in the log: the worker works without.
    """
    address, port = settings.LLM_WORKER_METRICS_ADDRESS, settings.LLM_WORKER_METRICS_PORT
    if port is None:
        return None
    try:
        server = Server(address, port, answers)
    except OSError as error:
        logger.warning("No health and metrics: %s:%s cannot be used: %s", address, port, error)
        return None
    server.start()
    logger.info("Health and metrics are at %s", server.url)
    return server


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = SOCKET_SECONDS
    server_version = "llmconfig"
    sys_version = ""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        answer = self.server.answers.to(path, self.headers.get("Accept", ""))
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(answer.body)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)
