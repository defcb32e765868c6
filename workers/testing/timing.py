"""The durations of an answer's last chunk, measured.

What is left of ``total_duration`` without the other three is the time in the server's own queue.
"""

import time


class Timing:
    """Stopwatch of one request: loaded, then served (it has a place), then its prompt was read."""

    def __init__(self) -> None:
        self._began = self._loaded = self._served = self._read = time.monotonic_ns()

    def loaded(self) -> None:
        self._loaded = self._served = self._read = time.monotonic_ns()

    def served(self) -> None:
        self._served = self._read = time.monotonic_ns()

    def prompt_read(self) -> None:
        self._read = time.monotonic_ns()

    def durations(self) -> dict[str, int]:
        """The four durations up to now, in nanoseconds."""
        now = time.monotonic_ns()
        return {
            "total_duration": now - self._began,
            "load_duration": self._loaded - self._began,
            "prompt_eval_duration": self._read - self._served,
            "eval_duration": now - self._read,
        }
