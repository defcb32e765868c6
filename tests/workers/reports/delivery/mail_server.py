"""A mail server that does what a test asks for: answers, refuses, hangs up, falls silent."""

import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

#: What a step does: an answer to give, or None to end the connection.
Step = Callable[[], str | None]
USUAL = {
    "connect": "220 ready",
    "ehlo": "250 hello",
    "mail": "250 ok",
    "rcpt": "250 ok",
    "data": "354 go on",
    "message": "250 taken",
    "rset": "250 ok",
    "quit": "221 bye",
}


@dataclass
class MailServer:
    """Speaks enough SMTP (RFC 5321) for one client at a time and keeps what it took."""

    #: By step: the answers to give, in their order, before the usual one.
    script: dict[str, list[str | Step | None]] = field(default_factory=dict)
    taken: list[bytes] = field(default_factory=list)
    #: Messages whose last byte came in, whatever was answered.
    received: int = 0
    connections: int = 0
    port: int = 0

    def answer(self, step: str) -> str | None:
        wanted = self.script.get(step)
        said = wanted.pop(0) if wanted else USUAL[step]
        return said() if callable(said) else said

    def __enter__(self):
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                server.connections += 1
                server.talk(self.rfile, self.wfile)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def talk(self, lines, out) -> None:
        if not self._say(out, "connect"):
            return
        for line in lines:
            word = line.split()[0].decode().lower() if line.split() else "noop"
            if word not in USUAL:
                out.write(b"502 no\r\n")
                continue
            if not self._say(out, word) or word == "quit":
                return
            if word == "data":
                message = b"".join(iter(lines.readline, b".\r\n"))
                self.received += 1
                said = self.answer("message")
                if said is None:
                    return
                if said.startswith("250"):
                    self.taken.append(message)
                out.write(said.encode() + b"\r\n")

    def _say(self, out, step: str) -> bool:
        said = self.answer(step)
        if said is not None:
            out.write(said.encode() + b"\r\n")
        return said is not None
