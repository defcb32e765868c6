"""One stack per home: a lock that the kernel releases with its last holder.

The guardian shares it, so that a start right after a crash waits until all is cleaned up.
"""

import fcntl
import os
import time
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from devstack.embedded import state
from devstack.embedded.errors import AlreadyRunning

CLEANING_SECONDS = 60.0


class HomeLock:
    """Held from ``acquire`` to ``release``; ``fd`` is for the guardian."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.fd = -1

    def acquire(self) -> None:
        """Take the lock. Raises ``AlreadyRunning`` naming the process that holds it."""
        fd = os.open(self._home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._lock(fd)
        except BaseException:
            os.close(fd)
            raise
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
        self.fd = fd

    def release(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _lock(self, fd: int) -> None:
        deadline = time.monotonic() + CLEANING_SECONDS
        while True:
            try:
                return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pid = os.pread(fd, 32, 0).decode(errors="replace")
                if _lives(pid) or time.monotonic() > deadline:
                    raise self._refusal(pid) from None
            time.sleep(0.1)

    def _refusal(self, pid: str) -> AlreadyRunning:
        web = state.read(self._home).get("web")
        if not web:
            return AlreadyRunning(
                _("A stack is starting or stopping in %(home)s: process %(pid)s."),
                home=self._home,
                pid=pid,
            )
        return AlreadyRunning(
            _("A stack runs from %(home)s already: process %(pid)s, %(web)s"),
            home=self._home,
            pid=pid,
            web=web,
        )


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (ValueError, OSError):
        return False
    return True
