"""Search permission for other users on the directories above a path, for as long as a stack runs.

Reference counting by locks: whoever needs a directory holds a shared lock on it, and a record says
that a stack opened it. Who gives its lock up, and then has the directory alone, closes it again.
Locks end with their process; what a crashed one left open is closed by the next call.
"""

import contextlib
import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

PASS = stat.S_IXOTH
#: Records of what stacks opened, readable by root alone.
RECORDS = Path("/run" if Path("/run").is_dir() else tempfile.gettempdir(), "llmconfig-opened")


class OpenWay:
    """The directories that one stack needs open."""

    def __init__(self) -> None:
        self._locks: list[tuple[Path, int]] = []

    def add(self, path: Path) -> list[Path]:
        """Let other users pass through the directories above ``path``; those that were changed."""
        return [parent for parent in path.absolute().parents if self._open(parent)]

    def close(self) -> None:
        """Close again what nobody needs any more."""
        while self._locks:
            directory, lock = self._locks.pop()
            _close_if_alone(directory, lock)

    def _open(self, directory: Path) -> bool:
        lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(lock, fcntl.LOCK_SH)
        is_closed = not os.fstat(lock).st_mode & PASS
        if not (is_closed or _record(directory).exists()):
            os.close(lock)
            return False
        self._locks.append((directory, lock))
        if is_closed:
            RECORDS.mkdir(mode=0o700, exist_ok=True)
            # Before the change: a crash between the two closes what is closed.
            _record(directory).write_bytes(os.fsencode(directory))
            os.fchmod(lock, os.fstat(lock).st_mode | PASS)
        return is_closed


def close_left() -> None:
    """Close what stacks opened that have ended without doing so. Without root there is nothing."""
    for directory in list(_recorded()):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            _close_if_alone(directory, os.open(directory, os.O_RDONLY | os.O_DIRECTORY))
            continue
        _record(directory).unlink(missing_ok=True)


def _close_if_alone(directory: Path, lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _record(directory).exists():
            os.fchmod(lock, os.fstat(lock).st_mode & ~PASS)
            _record(directory).unlink()
    except BlockingIOError:
        pass  # another stack needs it, and closes it
    finally:
        os.close(lock)


def _recorded() -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError, PermissionError):
        for record in RECORDS.iterdir():
            yield Path(os.fsdecode(record.read_bytes()))


def _record(directory: Path) -> Path:
    return RECORDS / hashlib.sha256(os.fsencode(directory)).hexdigest()[:32]
