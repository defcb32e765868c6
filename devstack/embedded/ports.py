"""Ports to listen on, claimed so that stacks which start at the same moment choose different ones.

A claim holds the UDP port of the same number: the kernel gives it to one process only and takes it
back when that process ends, however it ends. Ports of parts lie below the kernel's ephemeral range:
inside it, a client that reconnects to a dead server can be given that server's own port.
"""

import hashlib
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from devstack.embedded.errors import PortTaken

FIRST_PORT, PORTS = 20_000, 10_000
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Claim:
    """A port of ours until released."""

    port: int
    holder: socket.socket

    def release(self) -> None:
        self.holder.close()


def claim(ports: Iterable[int], host: str = LOOPBACK) -> Claim:
    """The first of ``ports`` that nobody listens on or claims. Raises ``PortTaken``."""
    tried: list[int] = []
    for port in ports:
        tried.append(port)
        if refusal(host, port) is None and (holder := _hold(port)) is not None:
            return Claim(port, holder)
    raise PortTaken(
        _("No free port between %(first)s and %(last)s."), first=tried[0], last=tried[-1]
    )


def claim_asked(port: int) -> Claim:
    """A port that the caller has chosen; another program may use its UDP twin for itself."""
    return Claim(port, _hold(port) or socket.socket(socket.AF_INET, socket.SOCK_DGRAM))


def candidates(home: Path, purpose: str) -> Iterator[int]:
    """Ports for one part of one home: the same ones at every start."""
    digest = hashlib.sha256(f"{home}\0{purpose}".encode()).digest()
    start = int.from_bytes(digest[:4])
    return (FIRST_PORT + (start + step) % PORTS for step in range(100))


def refusal(host: str, port: int) -> OSError | None:
    """Why nothing can listen on ``port``, or None when something can."""
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(address[0], socket.SOCK_STREAM) as probe:
            # As servers do: connections of a server that just ended do not keep a port taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address[4])
            probe.listen(1)
    except OSError as error:
        return error
    return None


def _hold(port: int) -> socket.socket | None:
    holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        holder.bind((LOOPBACK, port))
    except OSError:
        holder.close()
        return None
    return holder
