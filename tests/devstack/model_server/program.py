"""Starts the model server as users do and talks to it."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

PROJECT = Path(__file__).resolve().parents[3]
MODULE = "devstack.model_server"
READY = "Model server ready at "

MODEL, SHORT, LONG = "smollm2:135m", "smollm2-short:135m", "smollm2-long:135m"

#: Valid only after some 400 tokens: several seconds of work that cannot end by itself.
SLOW = {
    "model": MODEL,
    "prompt": "Count.",
    "format": {"type": "array", "items": {"type": "integer"}, "minItems": 200},
    "options": {"num_predict": 2000},
}
QUICK = {"model": MODEL, "prompt": "Hi.", "stream": False, "options": {"num_predict": 1}}


class Server:
    """A running server process."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", MODULE, "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env={**os.environ, "LANGUAGE": "C"},
        )
        line = self.process.stdout.readline()
        assert line.startswith(READY), line + self.process.stderr.read()
        self.url = line.removeprefix(READY).strip()

    @property
    def address(self):
        url = httpx.URL(self.url)
        return url.host, url.port

    def post(self, path, body, **keywords):
        return httpx.post(self.url + path, json=body, timeout=60, **keywords)

    def stop(self):
        """End it as a supervisor does; what it has written besides its one line."""
        self.process.terminate()
        try:
            return "".join(self.process.communicate(timeout=10))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise


@contextlib.contextmanager
def running(*arguments):
    server = Server(*arguments)
    try:
        yield server
    finally:
        written = server.stop()
    assert written == ""
    assert server.process.returncode == 0


@contextlib.contextmanager
def request_in_flight(server, path, body):
    """The connection on which ``body`` was sent; leaving the block closes it."""
    request = httpx.Request("POST", server.url + path, json=body)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(request.content)}\r\n"
    with socket.create_connection(server.address, timeout=30) as connection:
        connection.sendall(head.encode() + b"\r\n" + request.content)
        yield connection


def seconds(action):
    started = time.monotonic()
    action()
    return time.monotonic() - started


class Background:
    """Runs ``action`` in a thread; ``result()`` waits for what it returns."""

    def __init__(self, action):
        self._thread = threading.Thread(target=self._run, args=(action,))
        self._thread.start()

    def _run(self, action):
        self._result = action()

    def result(self):
        self._thread.join(60)
        return self._result
