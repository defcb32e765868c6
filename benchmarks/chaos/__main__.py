"""All parts of the chaos programs, one after the other, and their table in docs/reliability.md."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.chaos import page
from benchmarks.chaos.verdict import REPORT, Check, read, say
from config.env import PROJECT

PARTS = ("fallback", "faults", "outage", "parked", "kills", "streams")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of: {', '.join(PARTS)}")
    parser.add_argument(
        "--no-table", action="store_true", help="leave docs/reliability.md as it is"
    )
    given = parser.parse_args()
    if unknown := sorted(set(given.parts) - set(PARTS)):
        parser.error(f"unknown part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    began, failed, checks = time.monotonic(), [], list[Check]()
    for part in given.parts or PARTS:
        code, found = _run(part)
        checks += found
        if code:
            failed.append(part)
    if not given.no_table:
        page.write(checks)
    say(f"{len(checks)} checks in {time.monotonic() - began:.0f} s; failed: {_told(failed)}")
    return 1 if failed else 0


def _run(part: str) -> tuple[int, list[Check]]:
    """A part as a process of its own: each is a Django process of its own stack."""
    with tempfile.TemporaryDirectory(prefix="llmconfig-chaos-") as directory:
        report = Path(directory) / "report.json"
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.chaos.{part}"],
            cwd=PROJECT,
            env={**os.environ, REPORT: str(report)},
            check=False,
        )
        return done.returncode, read(report)


def _told(failed: list[str]) -> str:
    return ", ".join(failed) or "none"


if __name__ == "__main__":
    sys.exit(main())
