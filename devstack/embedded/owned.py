"""Which processes belong to a home: told by marks in their environment, never by name alone.

Every process of a stack carries its home and its name; whatever it starts inherits both. No file
can be stale, and a process without the marks is never touched.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

HOME = "LLMCONFIG_STACK_HOME"
NAME = "LLMCONFIG_STACK_PROCESS"


@dataclass(frozen=True)
class Owned:
    """A process of a stack. psutil compares start times too, so a reused pid is another process."""

    name: str
    process: psutil.Process


def marks(home: Path, name: str) -> dict[str, str]:
    """What goes into the environment of the process ``name``."""
    return {HOME: str(home), NAME: name}


def without_marks(environ: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in environ.items() if key not in {HOME, NAME}}


def find(home: Path) -> list[Owned]:
    """Every living process of the home; this process and those above it are never among them."""
    us = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [
        Owned(name, process)
        for process in psutil.process_iter()
        if process.pid not in us
        and (name := _owned_name(process, home)) is not None
        and is_alive(process)
    ]


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs; a zombie only waits for its parent."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def roots(processes: Iterable[Owned]) -> list[Owned]:
    """Those whose parent is not among them: who asks them to stop asks their children."""
    alive = [owned for owned in processes if is_alive(owned.process)]
    pids = {owned.process.pid for owned in alive}
    return [owned for owned in alive if _parent_pid(owned.process) not in pids]


def _owned_name(process: psutil.Process, home: Path) -> str | None:
    try:
        environ = process.environ()
    except psutil.AccessDenied:
        # PostgreSQL under another user, in a container without the right to look into it.
        return "postgres" if _is_postgres(process, home) else None
    except (psutil.Error, OSError):
        return None
    return environ.get(NAME, "") if environ.get(HOME) == str(home) else None


def _is_postgres(process: psutil.Process, home: Path) -> bool:
    try:
        command = process.cmdline()
    except (psutil.Error, OSError):
        return False
    return command[1:3] == ["-D", str(home / "postgres")]


def _parent_pid(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.NoSuchProcess:
        return 0
