"""A fixed number of places, taken in the order of asking. For one event loop."""

import asyncio
from collections import deque


class NoPlace(Exception):
    """Too many wait already, or the wait was too long."""


class Places:
    """``most`` at once; at most ``waiting_most`` wait, for no longer than ``wait_seconds``."""

    def __init__(self, most: int, *, waiting_most: int, wait_seconds: float) -> None:
        self._free = most
        self._waiting_most, self._wait_seconds = waiting_most, wait_seconds
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Have a place, to be given back by ``release``. Raises ``NoPlace``."""
        if self._free:
            self._free -= 1
            return
        if len(self._waiting) >= self._waiting_most:
            raise NoPlace
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await turn
        except BaseException as error:
            self._leave(turn)
            if isinstance(error, TimeoutError):
                raise NoPlace from error
            raise

    def release(self) -> None:
        """Give the place to whoever has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _leave(self, turn: "asyncio.Future[None]") -> None:
        if turn.done() and not turn.cancelled():
            # It came with the end of the wait: the next one has it.
            self.release()
        elif turn in self._waiting:
            self._waiting.remove(turn)
