"""How long to wait before a process that died is started again.

1 s, doubled at each death, at most 30 s; a process that lived for 60 s begins anew.
"""

BASE_SECONDS = 1.0
CAP_SECONDS = 30.0
HEALTHY_SECONDS = 60.0


class Backoff:
    """The waiting times of one process."""

    def __init__(self) -> None:
        self.deaths = 0

    def after_death(self, lived_seconds: float) -> float:
        """Seconds to wait, given how long the process lived."""
        if lived_seconds >= HEALTHY_SECONDS:
            self.deaths = 0
        delay = min(CAP_SECONDS, BASE_SECONDS * 2.0 ** min(self.deaths, 10))
        self.deaths += 1
        return delay
