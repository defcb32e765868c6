"""Log files of the processes: opened for them, followed, kept small.

Processes write to files and not to pipes: a process outlives the reader of its pipe badly, and a
crash of the supervisor must not take the last lines along.
"""

import os
import re
import shutil
from pathlib import Path
from typing import BinaryIO

ROTATE_BYTES = 10 * 1024 * 1024
READ_BYTES = 64 * 1024
#: No letter and no digit, or a statement in which PostgreSQL marks a place.
_SAYS_NOTHING = re.compile(r"[\W_]*|\s*LINE \d+: .*")


def open_log(path: Path) -> BinaryIO:
    """A log file to append to, readable by its owner alone (prompts may be quoted in it)."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def last_lines(path: Path, count: int = 1) -> list[str]:
    """The last lines that say something; empty when there are none.

    The end of a database's error shows where in a statement it was, not what was wrong.
    """
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - READ_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    return [line.strip() for line in lines if not _SAYS_NOTHING.fullmatch(line)][-count:]


class Follower:
    """Reads the lines that one log file gains, starting at its present end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._position = path.stat().st_size if path.exists() else 0
        self._rest = b""

    @property
    def rest(self) -> str:
        """What was written after the last complete line."""
        return self._rest.decode(errors="replace")

    def new_lines(self) -> list[str]:
        """Complete lines written since the last call."""
        try:
            if self.path.stat().st_size < self._position:
                self._position = 0  # somebody emptied it
            with self.path.open("rb") as file:
                file.seek(self._position)
                data = file.read()
        except OSError:
            return []
        self._position += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [line.decode(errors="replace").rstrip("\r") for line in lines]

    def rotate(self) -> None:
        """Keep one older file of the same size; the writer appends, so it goes on at the start."""
        if self.path.exists() and self.path.stat().st_size > ROTATE_BYTES:
            shutil.copyfile(self.path, self.path.with_suffix(".log.1"))
            os.truncate(self.path, 0)
            self._position = 0
