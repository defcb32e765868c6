"""A TCP proxy in front of a service, whose wire can be cut or frozen and mended again."""

import contextlib
import socket
import threading


class Proxy:
    """Forwards ``port`` to ``target``: a ``(host, port)``, or the path of a Unix socket."""

    def __init__(self, target):
        self._target = target
        self._flows = threading.Event()
        self._flows.set()
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._cuts = 0
        #: Keeps the port while nobody listens, or another program may be given it.
        self._place: socket.socket | None = None
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]

    def cut(self):
        """Refuse new connections and reset those that stand."""
        # A listener that a thread waits on is closed only when that wait ends.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._place is None:
            self._place = socket.socket()
            self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._place.bind(("127.0.0.1", self.port))
        with self._lock:
            self._cuts += 1
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            _close(*pair)

    def mend(self):
        """Forward again, on the same port."""
        self._listener = self._listen(self.port)
        self._leave_place()
        self._flows.set()

    def freeze(self):
        """Keep connections and accept new ones, but let nothing through."""
        self._flows.clear()

    def thaw(self):
        self._flows.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()
        self._leave_place()
        self._flows.set()

    def _leave_place(self):
        if self._place is not None:
            self._place.close()
            self._place = None

    def _listen(self, port):
        listener = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=self._accept, args=(listener, self._cuts), daemon=True).start()
        return listener

    def _accept(self, listener, cuts):
        while True:
            try:
                client, _address = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(client, cuts), daemon=True).start()

    def _connect(self, client, cuts):
        self._flows.wait()
        server = _connected(self._target)
        with self._lock:
            is_cut = cuts != self._cuts
            if not is_cut:
                self._pairs.append((client, server))
        if is_cut:
            _close(client, server)
            return
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                sink.sendall(data)
        _close(source, sink)


def _connected(target):
    if isinstance(target, tuple):
        return socket.create_connection(target)
    server = socket.socket(socket.AF_UNIX)
    server.connect(target)
    return server


def _close(*sockets):
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
