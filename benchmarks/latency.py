"""Measures how long calls take, all of them in the same moments, so that noise meets all alike."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Call = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Microseconds of one call."""

    p50: float
    p95: float
    p99: float


def latencies(calls: Mapping[str, Call], *, rounds: int, each: int) -> dict[str, Latency]:
    """Of every call, by name: in each round all of them are called so often, one after another."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            taken[name] += _times(call, each)
    return {name: _latency(sorted(times)) for name, times in taken.items()}


def table(measured: Mapping[str, Latency], unit: str) -> str:
    """One line for each, with the ratio of its median to that of ``unit``."""
    base = measured[unit].p50
    lines = [f"{'':44}{'p50 µs':>9}{'p95 µs':>9}{'p99 µs':>9}{'p50 ratio':>11}"]
    lines += [
        f"{name:44}{one.p50:9.1f}{one.p95:9.1f}{one.p99:9.1f}{one.p50 / base:10.2f}x"
        for name, one in measured.items()
    ]
    return "\n".join(lines)


def _times(call: Call, count: int) -> list[float]:
    times = []
    for _ in range(count):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1e6)
    return times


def _latency(times: list[float]) -> Latency:
    def at(share: float) -> float:
        return times[int(len(times) * share)]

    return Latency(p50=at(0.50), p95=at(0.95), p99=at(0.99))
