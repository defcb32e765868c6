"""What a stack shows: its own progress and, name first, the lines of its processes."""

import contextlib
import io
import os
import queue
import sys
import threading
from typing import TextIO

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
#: Log lines may carry what users wrote: no control character of theirs reaches a terminal.
_HARMLESS = {code: None for code in (*range(32), *range(127, 160)) if code != ord("\t")}
#: Lines that may wait for a slow terminal; the log files keep what is not shown.
WAITING_LINES = 1000


class Console:
    """Writes whole lines to ``stream`` (None: nowhere), from any thread, without ever blocking.

    A thread of its own writes: a terminal that is held (Ctrl-S) must not hold the supervision.
    ``process_lines=False`` keeps the processes' output in their log files only. Colours are used
    on a terminal where ``NO_COLOR`` is not set.
    """

    def __init__(self, stream: TextIO | None = None, *, process_lines: bool = True) -> None:
        self._stream = stream
        self._names: dict[str, int] = {}
        self._lines: queue.SimpleQueue[str | threading.Event] = queue.SimpleQueue()
        self.process_lines = process_lines and stream is not None
        self._colour = bool(stream and stream.isatty() and not os.environ.get("NO_COLOR"))
        if stream is not None:
            threading.Thread(target=self._run, args=(stream,), name="console", daemon=True).start()

    @classmethod
    def standard(cls, *, process_lines: bool = True) -> "Console":
        return cls(sys.stdout, process_lines=process_lines)

    @property
    def busy(self) -> bool:
        """Whether so much waits to be written that more should not be added."""
        return self._lines.qsize() > WAITING_LINES

    def say(self, message: object, **values: object) -> None:
        """One line of progress; lazy translations are resolved only where they are shown."""
        if self._stream is not None:
            self._lines.put(str(message) % values if values else str(message))

    def register(self, *names: str) -> None:
        """Let the names share one column, each with its colour."""
        for name in names:
            self._names.setdefault(name, COLOURS[len(self._names) % len(COLOURS)])

    def process_line(self, name: str, line: str) -> None:
        """One line that the process ``name`` wrote."""
        width = max(map(len, self._names), default=0)
        prefix = f"{name:<{width}} | "
        if self._colour:
            prefix = f"\033[{self._names.get(name, 0)}m{prefix}\033[0m"
        if self._stream is not None:
            self._lines.put(prefix + line.translate(_HARMLESS))

    def flush(self, seconds: float = 2.0) -> bool:
        """Wait until all is written, at most ``seconds``; return whether it is."""
        if self._stream is None:
            return True
        written = threading.Event()
        self._lines.put(written)
        return written.wait(seconds)

    def _run(self, stream: TextIO) -> None:
        while True:
            line = self._lines.get()
            if isinstance(line, threading.Event):
                line.set()
            else:
                _write(stream, line)


def _write(stream: TextIO, line: str) -> None:
    """Past the stream's buffer: its lock, held while a terminal is, would block the exit.

    A terminal or pipe that is gone takes nothing away from the stack and its log files.
    """
    with contextlib.suppress(OSError, ValueError):
        if isinstance(stream, io.StringIO):
            stream.write(f"{line}\n")
            return
        data = f"{line}\n".encode(stream.encoding or "utf-8", "replace")
        while data:
            data = data[os.write(stream.fileno(), data) :]
