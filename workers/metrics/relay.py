"""Relay of metrics from prefork children to the parent, which serves them.

One datagram for each booking, over a pair of sockets that the children inherit. A child never waits
for its parent: when the buffer is full, the booking is lost.
"""

import json
import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

LONGEST = 8192

#: A booking: the metric's name, its labels, and how much to add or observe.
Book = Callable[[str, Mapping[str, str], float], None]


class Relay:
    """Opened in the parent before it forks."""

    def __init__(self) -> None:
        self._parent = os.getpid()
        self._incoming, self._outgoing = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._outgoing.setblocking(False)

    @property
    def in_child(self) -> bool:
        """Whether this process is a child of the one that serves."""
        return os.getpid() != self._parent

    def send(self, name: str, labels: Mapping[str, str], amount: float) -> None:
        """In a child: have the parent book it."""
        with suppress(OSError):
            self._outgoing.send(json.dumps([name, labels, amount]).encode())

    def receive(self, book: Book) -> None:
        """In the parent: book what children send, in a thread of its own."""
        reader = threading.Thread(target=self._read, args=(book,), name="relay", daemon=True)
        reader.start()

    def close(self) -> None:
        """Read and send no more."""
        with suppress(OSError):
            self._incoming.shutdown(socket.SHUT_RDWR)
        self._incoming.close()
        self._outgoing.close()

    def _read(self, book: Book) -> None:
        with suppress(OSError):
            while received := self._incoming.recv(LONGEST):
                book(*json.loads(received))


_relay: Relay | None = None


def relay_open() -> None:
    """Before forking: the children send what they count from now on. Once is enough."""
    global _relay
    if _relay is None:
        _relay = Relay()


def relay_receive(book: Book) -> None:
    """In the process that opened it: book what its children send."""
    if _relay is not None:
        _relay.receive(book)


def relay_close() -> None:
    """End what ``relay_open`` began."""
    global _relay
    relay, _relay = _relay, None
    if relay is not None:
        relay.close()


def relay_of_child() -> Relay | None:
    """The parent's relay in a child of a pool; None in every other process."""
    return _relay if _relay is not None and _relay.in_child else None
