"""Waits until the workers of one stack answer; a program of its own, because Celery stays out of
the supervisor's memory. Ends with 0 when all answered in time, else 1.
"""

import argparse
import sys
import time

from config.celery import app


def nodes(suffix: str) -> set[str]:
    """Names of the workers that answer within a second and end with ``@suffix``."""
    replies = app.control.ping(timeout=1.0) or []
    return {name for reply in replies for name in reply if name.endswith(f"@{suffix}")}


def main() -> int:
    parser = argparse.ArgumentParser(description="Wait until the workers of one stack answer.")
    parser.add_argument("suffix")
    parser.add_argument("expected", type=int)
    parser.add_argument("--seconds", type=float, default=120.0)
    options = parser.parse_args()
    deadline = time.monotonic() + options.seconds
    found: set[str] = set()
    while time.monotonic() < deadline:
        try:
            found |= nodes(options.suffix)
        except Exception as error:  # every broker has its own way to be unreachable
            sys.stderr.write(f"{error!r}\n")
            time.sleep(1)
        if len(found) >= options.expected:
            return 0
    sys.stderr.write(f"only these answered: {sorted(found)}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
