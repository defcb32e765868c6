"""A fixed number of places, taken in the order of asking. For one event loop."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

#: Weight of the newest interval between two releases in their moving average.
NEWEST = 0.1


class NoPlace(Exception):
    """Too many wait already, or the wait was or would be too long."""


class Places:
    """``most`` at once; at most ``waiting_most`` wait, for no longer than ``wait_seconds``.

    While all are taken, places come free at some rate. Where that rate says that the wait would be
    too long, ``take`` refuses at once: who is refused late has waited in vain.
    """

    def __init__(
        self,
        most: int,
        *,
        waiting_most: int,
        wait_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free = self._most = most
        self._waiting_most, self._wait_seconds = waiting_most, wait_seconds
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._clock = clock
        #: Seconds from one release to the next while somebody waits.
        self._interval = 0.0
        self._released_at: float | None = None

    def take_free(self) -> bool:
        """Have a place if one is free. Raises ``NoPlace`` where it is no use to wait."""
        if self._free:
            self._free -= 1
            return True
        if len(self._waiting) >= self._waiting_most or self._is_late():
            raise NoPlace
        return False

    async def take(self) -> None:
        """Have a place, to be given back by ``release``. Raises ``NoPlace``."""
        if self.take_free():
            return
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
        self._measure()
        self._hand_on()

    def _hand_on(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
        self._released_at = None

    def _is_late(self) -> bool:
        """Whether another one that waits would have no place in time. As many as there are places
        wait in any case, or a slow moment would never be followed by a new measurement."""
        waiting = len(self._waiting)
        return waiting >= self._most and self._interval * (waiting + 1) > self._wait_seconds

    def _measure(self) -> None:
        """An interval counts from one release to the next, with somebody waiting in between."""
        now, before = self._clock(), self._released_at
        self._released_at = now
        if before is not None:
            weight = NEWEST if self._interval else 1.0
            self._interval += weight * (now - before - self._interval)

    def _leave(self, turn: "asyncio.Future[None]") -> None:
        if turn.done() and not turn.cancelled():
            # It came with the end of the wait: the next one has it.
            self._hand_on()
        elif turn in self._waiting:
            self._waiting.remove(turn)
