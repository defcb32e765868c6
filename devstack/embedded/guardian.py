"""Stops a stack whose supervisor died: a small process that reads a pipe from it.

The pipe names the processes that are started. When it ends without ``done``, the supervisor
crashed or was killed: the guardian stops everything in order, removes ``stack.json`` and ends. It
runs in its own session, so that no Ctrl-C reaches it, and imports neither Django nor Celery.
"""

import argparse
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from devstack.embedded import shutdown, state
from devstack.embedded.logs import open_log
from devstack.embedded.open_way import close_left
from devstack.embedded.owned import Owned, find, without_marks

PROJECT = Path(__file__).resolve().parents[2]
#: The stack is down already and workers lose nothing by being killed: no long good-byes.
LIMIT_SECONDS = 3.0
DONE: dict[str, object] = {"done": True}


class Guardian:
    """The supervisor's end of the pipe."""

    def __init__(self, home: Path, *, lock_fd: int, temporary: bool = False) -> None:
        self._home, self._lock_fd, self._temporary = home, lock_fd, temporary
        self._watched: dict[str, int] = {}
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or again when it died; it is told of every process once more."""
        command = [sys.executable, "-m", "devstack.embedded.guardian", str(self._home)]
        with open_log(self._home / "logs" / "guardian.log") as log:
            self._popen = subprocess.Popen(
                [*command, str(os.getpid()), *(["--temporary"] if self._temporary else [])],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=PROJECT,
                env=without_marks(os.environ),
                start_new_session=True,
                pass_fds=(self._lock_fd,),
            )
        for name, pid in list(self._watched.items()):
            self._tell({"name": name, "pid": pid})

    def watch(self, name: str, pid: int) -> None:
        """Tell it of a process; the latest one of a name counts."""
        self._watched[name] = pid
        self._tell({"name": name, "pid": pid})

    def revive(self) -> None:
        """Start it again if it died."""
        if self._popen is not None and self._popen.poll() is not None:
            self._close()
            self.start()

    def dismiss(self) -> None:
        """All is stopped: let it end, and wait for that."""
        if self._popen is None:
            return
        self._tell(DONE)
        self._close()
        try:
            self._popen.wait(10)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def _tell(self, message: dict[str, object]) -> None:
        if self._popen is None or self._popen.stdin is None:
            return
        try:
            self._popen.stdin.write(json.dumps(message).encode() + b"\n")
            self._popen.stdin.flush()
        except (OSError, ValueError):
            pass  # it died; revive() tells the next one

    def _close(self) -> None:
        try:
            if self._popen is not None and self._popen.stdin is not None:
                self._popen.stdin.close()
        except OSError:
            pass


def read_until_end(fd: int, parent: int) -> dict[str, Owned] | None:
    """The processes told of until the pipe ended or the parent was gone; None after ``done``."""
    watched: dict[str, Owned] = {}
    buffer = b""
    while True:
        if not select.select([fd], [], [], 1.0)[0]:
            if os.getppid() != parent:
                break
            continue
        if not (data := os.read(fd, 65536)):
            break
        *lines, buffer = (buffer + data).split(b"\n")
        for message in map(json.loads, lines):
            if message == DONE:
                return None
            _remember(watched, message["name"], message["pid"])
    return watched


def _remember(watched: dict[str, Owned], name: str, pid: int) -> None:
    try:
        watched[name] = Owned(name, psutil.Process(pid))
    except psutil.NoSuchProcess:
        watched.pop(name, None)


def main() -> None:
    parser = argparse.ArgumentParser(description="Stop a stack whose supervisor died.")
    parser.add_argument("home", type=Path)
    parser.add_argument("parent", type=int)
    parser.add_argument("--temporary", action="store_true", help="remove the home at the end")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched = read_until_end(0, options.parent)
    if watched is None:
        return
    state.remove(options.home, pid=options.parent)
    shutdown.stop(
        lambda: {*watched.values(), *find(options.home)}, limit_seconds=lambda: LIMIT_SECONDS
    )
    close_left()
    if options.temporary:
        shutil.rmtree(options.home, ignore_errors=True)


if __name__ == "__main__":
    main()
