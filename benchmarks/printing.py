"""Lines and quantiles of the benchmarks that print as they go."""

import sys


def say(line: str) -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def verdict(text: str, good: bool) -> bool:
    """Print whether something holds; ``good`` again."""
    say(f"{'PASS' if good else 'FAIL'}  {text}")
    return good


def quantile(values: list[float], share: float) -> float:
    """The value below which so large a share of them lies; 0 where there are none."""
    return sorted(values)[int(len(values) * share)] if values else 0.0
