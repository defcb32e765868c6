"""All parts of the chaos programs, and their table in docs/explanation/reliability.md.

One after the other; those that mostly wait go together, unless they would share a database or a
broker: then each would work on the other's runs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.chaos import page
from benchmarks.chaos.verdict import REPORT, Check, read, say
from config.env import PROJECT

TOGETHER = (("fallback", "outage"), ("faults",), ("parked",), ("kills",), ("streams",))
PARTS = tuple(part for group in TOGETHER for part in group)
SHARED = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.chaos", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of: {', '.join(PARTS)}")
    parser.add_argument(
        "--no-table", action="store_true", help="leave docs/explanation/reliability.md as it is"
    )
    given = parser.parse_args()
    if unknown := sorted(set(given.parts) - set(PARTS)):
        parser.error(f"unknown part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    began, failed, checks = time.monotonic(), list[str](), list[Check]()
    for group in _groups(given.parts or PARTS):
        with ThreadPoolExecutor(len(group)) as threads:
            for part, (code, found) in zip(group, threads.map(_run, group), strict=True):
                checks += found
                failed += [part] if code else []
    if not given.no_table:
        page.write(checks)
    say(f"{len(checks)} checks in {time.monotonic() - began:.0f} s; failed: {_text(failed)}")
    return 1 if failed else 0


def _groups(wanted: Sequence[str]) -> list[list[str]]:
    if any(os.environ.get(name) for name in SHARED):
        return [[part] for part in wanted]
    groups = [[part for part in group if part in wanted] for group in TOGETHER]
    return [group for group in groups if group]


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


def _text(failed: list[str]) -> str:
    return ", ".join(failed) or "none"


if __name__ == "__main__":
    sys.exit(main())
