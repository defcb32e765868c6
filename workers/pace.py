"""How many parked runs come back at a time. Pure.

At most an allowance of them waits for a slot. It doubles while all that were released have begun,
and is halved while they queue up: the workers of a queue stay busy, and a server that has just
come back meets no storm.
"""

from dataclasses import dataclass

LEAST = 8
MOST = 256


@dataclass
class Pace:
    """The allowance of one worker process."""

    allowance: int = LEAST // 2

    def room(self, waiting: int) -> int:
        """How many to release now, when so many of those released before have not begun."""
        grown = self.allowance // 2 if waiting else self.allowance * 2
        self.allowance = min(MOST, max(LEAST, grown))
        return max(0, self.allowance - waiting)
