"""A semaphore of changeable size; waiters are served in order."""

import asyncio
from collections import deque
from contextlib import suppress


class Places:
    """The places of one loaded model."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._used = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Wait for a place. Cancelled while waiting, it leaves the queue."""
        granted = asyncio.get_running_loop().create_future()
        self._waiting.append(granted)
        self._grant()
        try:
            await granted
        except asyncio.CancelledError:
            if granted.cancelled():
                with suppress(ValueError):
                    self._waiting.remove(granted)
            else:
                self.give_back()
            raise

    def give_back(self) -> None:
        self._used -= 1
        self._grant()

    def resize(self, count: int) -> None:
        """Fewer places take effect as requests end."""
        self._count = count
        self._grant()

    def _grant(self) -> None:
        while self._used < self._count and self._waiting:
            granted = self._waiting.popleft()
            if not granted.done():
                self._used += 1
                granted.set_result(None)
