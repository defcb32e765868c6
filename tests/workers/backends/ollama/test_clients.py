"""Credentials reach the host of the settings, and no other one."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from workers.backends import ollama as backend
from workers.backends.hosts import basic


class Server(HTTPServer):
    """Answers the short questions, and keeps what came as ``Authorization``."""

    def __init__(self):
        self.authorizations = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.authorizations.append(self.headers["Authorization"])
        body = json.dumps({"version": "1", "models": []}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with Server() as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        backend.close()
        made.shutdown()


def ask(host):
    backend.probe(host)
    backend.installed(host)


def test_credentials_go_with_every_request_to_the_host_of_the_settings(server, settings):
    settings.OLLAMA_HOST = server.url
    settings.OLLAMA_AUTHORIZATION = basic("me", "p@ss")
    ask(server.url)
    assert server.authorizations == ["Basic bWU6cEBzcw=="] * 2


def test_credentials_go_to_no_other_host(server, settings):
    settings.OLLAMA_HOST = "http://gpu:11434"
    settings.OLLAMA_AUTHORIZATION = basic("me", "p@ss")
    ask(server.url)
    assert server.authorizations == [None] * 2


def test_without_credentials_no_header_is_sent(server, settings):
    settings.OLLAMA_HOST = server.url
    ask(server.url)
    assert server.authorizations == [None] * 2
