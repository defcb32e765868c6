"""Shutdown of event streams: the server would wait for them, and they for runs.

uvicorn tells an application of its end only after the last response. So the signals are heard on
their way to it.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def on_stop(call: Callable[[], None]) -> None:
    """Call back on the running loop when the process is asked to end, before whoever is told of it
    already. Outside of the main thread there are no signals to hear."""
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            _hear_also(number, asyncio.get_running_loop(), call)


def _hear_also(
    number: signal.Signals, loop: asyncio.AbstractEventLoop, call: Callable[[], None]
) -> None:
    before = signal.getsignal(number)

    def handle(received: int, frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(call)
        if callable(before):
            before(received, frame)

    if callable(before):
        signal.signal(number, handle)
