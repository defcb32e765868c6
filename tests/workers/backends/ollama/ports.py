"""Ports where nobody answers, each in its own way."""

import socket
from contextlib import contextmanager


@contextmanager
def full_backlog():
    """A port that takes no more connections: those that wait fill its queue."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for plug in waiting:
            plug.setblocking(False)
            plug.connect_ex(full.getsockname())
        try:
            yield full.getsockname()[1]
        finally:
            for plug in waiting:
                plug.close()


@contextmanager
def deaf_port():
    """A port whose kernel takes connections, and whose program never looks at them."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(8)
        yield deaf, deaf.getsockname()[1]
