"""Ctrl-C, SIGTERM and a closed terminal as one thing: an exception first, then hurry."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(KeyboardInterrupt):
    """Somebody asked this process to stop."""


class Stoppable(Protocol):
    """What is stopped: ``stopping`` once it began to, ``hurry()`` to shorten it."""

    @property
    def stopping(self) -> bool: ...

    def hurry(self) -> None: ...


@contextmanager
def stop_on_signals(target: Stoppable) -> Iterator[None]:
    """Raise ``StopRequested`` in the main thread at the first signal; hurry ``target`` later on."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        if target.stopping:
            target.hurry()
        else:
            raise StopRequested

    before = {number: signal.getsignal(number) for number in NUMBERS}
    for number, handler in before.items():
        # nohup: a hang-up that our caller ignores is none of our business.
        if number != signal.SIGHUP or handler != signal.SIG_IGN:
            signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
