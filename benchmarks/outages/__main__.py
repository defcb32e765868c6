"""Runs the scenarios named on the command line, or all; exits with 1 where a figure is missed."""

import subprocess
import sys

from benchmarks.outages.scenarios import ALL


def main(names: list[str]) -> int:
    known = {scenario.__name__: scenario for scenario in ALL}
    if unknown := set(names) - set(known):
        sys.stderr.write(f"{', '.join(sorted(unknown))}: unknown; there are: {', '.join(known)}\n")
        return 2
    if len(names) == 1:
        figures = known[names[0]]()
        sys.stdout.write(f"{figures}\n")
        return 0 if figures.hold else 1
    # A process each: Django's settings are read once.
    command = [sys.executable, "-m", "benchmarks.outages"]
    codes = [subprocess.call([*command, name]) for name in names or known]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
