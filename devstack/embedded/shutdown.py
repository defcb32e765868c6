"""In which order and how kindly the processes of a stack are stopped.

First what takes work in (web, beat), then the workers, which hand back what they hold, then the
model server, Valkey and PostgreSQL, which all others need. Each is asked, has its seconds, and is
killed when they are over.
"""

import contextlib
import math
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psutil

from devstack.embedded.owned import Owned, is_alive, roots

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Stage:
    """Processes that stop together: signals to send, each with the seconds it is given."""

    rank: int
    steps: tuple[tuple[signal.Signals, float], ...]


INTAKE = Stage(0, ((signal.SIGTERM, 5.0),))
# The second signal ends the grace of what runs there, and they hand it back.
WORKERS = Stage(1, ((signal.SIGTERM, 5.0), (signal.SIGTERM, 5.0)))
PARTS = {
    "model_server": Stage(2, ((signal.SIGTERM, 5.0),)),
    "valkey": Stage(3, ((signal.SIGTERM, 10.0),)),
    # SIGINT ends sessions, SIGQUIT ends at once and recovers at the next start.
    "postgres": Stage(4, ((signal.SIGINT, 10.0), (signal.SIGQUIT, 3.0))),
}


def stage(name: str) -> Stage:
    """The stage of the process ``name``."""
    return PARTS.get(name) or (WORKERS if name.startswith("worker") else INTAKE)


def stop(
    find: Callable[[], Iterable[Owned]], *, limit_seconds: Callable[[], float] = lambda: math.inf
) -> list[str]:
    """Stop all that ``find`` finds, stage by stage; the names of those that had to be killed.

    ``limit_seconds`` is asked again and again and cuts the seconds of every step.
    """
    killed: list[str] = []
    for current in sorted({stage(owned.name) for owned in find()}, key=lambda one: one.rank):
        members = [owned for owned in find() if stage(owned.name) == current]
        for number, seconds in current.steps:
            members = _ask(members, number, seconds, limit_seconds)
        killed += [owned.name for owned in _kill(members)]
    for _attempt in range(3):
        if not (rest := _kill(find())):
            break
        killed += [owned.name for owned in rest]
    return sorted(set(killed))


def _ask(
    members: list[Owned], number: signal.Signals, seconds: float, limit: Callable[[], float]
) -> list[Owned]:
    """Send the signal, wait; who is left. Children are asked when their parent is gone."""
    started, asked = time.monotonic(), set[Owned]()
    while members := [owned for owned in members if is_alive(owned.process)]:
        if time.monotonic() - started > min(seconds, limit()):
            return members
        for owned in set(roots(members)) - asked:
            _send(owned.process, number)
            asked.add(owned)
        time.sleep(POLL_SECONDS)
    return []


def _kill(members: Iterable[Owned]) -> list[Owned]:
    left = [owned for owned in members if is_alive(owned.process)]
    for owned in left:
        _send(owned.process, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while any(is_alive(owned.process) for owned in left) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return left


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process.send_signal(number)
