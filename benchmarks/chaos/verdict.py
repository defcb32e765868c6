"""What a part found out: one line for each check, and the exit code."""

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

#: Where ``python -m benchmarks.chaos`` collects what its parts found.
REPORT = "CHAOS_REPORT"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One measured value against its limit."""

    part: str
    what: str
    measured: str
    limit: str
    holds: bool

    def __str__(self) -> str:
        word = "PASS" if self.holds else "FAIL"
        return f"{word}  {self.part}: {self.what}: {self.measured} (limit: {self.limit})"


class Verdict:
    """The checks of one part."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.checks: list[Check] = []
        self._began = time.monotonic()

    def check(self, what: str, measured: object, limit: str, *, holds: bool) -> None:
        """Note one check and print its line."""
        check = Check(
            part=self.part, what=what, measured=str(measured), limit=limit, holds=bool(holds)
        )
        self.checks.append(check)
        say(str(check))

    def at_most(self, what: str, measured: float, limit: float, unit: str = "") -> None:
        self.check(what, _text(measured, unit), f"≤ {_text(limit, unit)}", holds=measured <= limit)

    def at_least(self, what: str, measured: float, limit: float, unit: str = "") -> None:
        self.check(what, _text(measured, unit), f"≥ {_text(limit, unit)}", holds=measured >= limit)

    def end(self) -> int:
        """Write the report if one is wanted; the exit code."""
        good = sum(check.holds for check in self.checks)
        seconds = time.monotonic() - self._began
        say(f"{self.part}: {good} of {len(self.checks)} checks hold, {seconds:.0f} s")
        if path := os.environ.get(REPORT):
            Path(path).write_text(json.dumps([asdict(check) for check in self.checks]))
        return 0 if self.checks and good == len(self.checks) else 1


def read(path: Path) -> list[Check]:
    """The checks of a part that has ended; none if it did not get that far."""
    return [Check(**item) for item in json.loads(path.read_text())] if path.exists() else []


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _text(value: float, unit: str) -> str:
    number = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return f"{number} {unit}".rstrip()
