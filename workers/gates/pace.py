"""How many parked runs come back at a time: the slow start of TCP (RFC 5681). Pure.

At most an allowance of them waits for a slot. It grows by each run that was released and answered,
and is halved while those released queue up: the workers of a queue stay busy, and a server that has
just come back meets no storm. Time alone proves nothing: while nothing is released it stays.
"""

from dataclasses import dataclass

LEAST = 8
MOST = 256


@dataclass
class Pace:
    """The allowance of one worker process."""

    allowance: int = LEAST

    def room(self, *, waiting: int, answered: int) -> int:
        """How many to release now: of those released before, so many have not begun, and so many
        were answered since the last call."""
        grown = self.allowance // 2 if waiting else self.allowance + answered
        self.allowance = min(MOST, max(LEAST, grown))
        return max(0, self.allowance - waiting)
