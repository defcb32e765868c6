"""``python -m benchmarks.permits [part …]``: what permits of a (host, model) are worth and cost.

The model server is the fake as one host, in this process: it works on a number of requests at once
and keeps the others waiting without a byte, as Ollama does. Each part is a process with a stack of
its own; ``--scale`` shortens the runs of ``busy`` and their limits alike.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.chaos.verdict import REPORT, read, say
from benchmarks.permit_parts import apart, busy, cost, kills, order

PARTS: dict[str, Callable[[float], int]] = {
    "learned": busy.learned,
    "stated-1": partial(busy.stated, 1),
    "stated-2": partial(busy.stated, 2),
    "stated-4": partial(busy.stated, 4),
    "apart": apart.main,
    "order": order.main,
    "cost": cost.main,
    "kills": kills.main,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.permits", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of: {', '.join(PARTS)}")
    parser.add_argument(
        "--scale", type=float, default=1 / 3, help="of the runs of 3 to 6 s (default 1/3)"
    )
    given = parser.parse_args()
    if unknown := sorted(set(given.parts) - set(PARTS)):
        parser.error(f"unknown part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if len(given.parts) == 1:
        return PARTS[given.parts[0]](given.scale)
    return _each_alone(given.parts or list(PARTS), given.scale)


def _each_alone(parts: list[str], scale: float) -> int:
    """Each part is a Django process of its own stack."""
    failed, checks = [], 0
    with tempfile.TemporaryDirectory(prefix="llmconfig-permits-") as directory:
        for part in parts:
            report = Path(directory) / f"{part}.json"
            command = [sys.executable, "-m", "benchmarks.permits", part, "--scale", str(scale)]
            done = subprocess.run(command, env={**_environ(), REPORT: str(report)}, check=False)
            checks += len(read(report))
            failed += [part] if done.returncode else []
    say(f"{checks} checks; failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


def _environ() -> dict[str, str]:
    import os

    return dict(os.environ)


if __name__ == "__main__":
    sys.exit(main())
