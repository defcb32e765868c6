"""One host in this process, and runs for it."""

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from workers.testing.fake_ollama import FakeOllama
from workers.testing.one_host import OneHost, Pace

MODEL, FALLBACK = "big:3b", "small:1b"
QUEUES = ("insight_generation", "data_analysis", "text_generation")
TOKENS = 20
ENTRIES = {"entries": ["Fixed the login", "Reviewed two changes"]}
PAYLOADS: Mapping[str, Mapping[str, Any]] = {
    "insight_generation": ENTRIES,
    "data_analysis": ENTRIES,
    "text_generation": {"prompt": "Why is the sky blue?"},
}


def one_host(shortest: float, longest: float, places: int = 1, **settings: Any) -> FakeOllama:
    """A host whose answers take from ``shortest`` to ``longest`` seconds, the same each time."""
    draw = random.Random(11)  # noqa: S311  (durations, no secret)

    def pace(_body: Mapping[str, Any]) -> Pace:
        return Pace(tokens=TOKENS, seconds=draw.uniform(shortest, longest))

    host = OneHost(places=places, pace=pace, load_seconds=0.3, **settings)
    return FakeOllama(one_host=host, resident=(MODEL, FALLBACK))


def workers(queues: Iterable[str] = QUEUES) -> dict[str, list[str]]:
    """A worker for each queue, as the Procfile has them."""
    return {f"worker_{name}": [f"llm.{name}", f"llm.{name}.low"] for name in queues}


def config(**limits: Any) -> dict[str, Any]:
    return {"default": {"model": MODEL, "fallback_model": FALLBACK, **limits}}


def enqueue_over(queues: Sequence[str], count: int, **fields: Any) -> list[Any]:
    """So many runs, one queue after the other."""
    from workers.submission.enqueue import enqueue

    return [
        enqueue(
            task_type=f"TASK_TYPE_{queues[number % len(queues)].upper()}",
            payload=PAYLOADS[queues[number % len(queues)]],
            **fields,
        )
        for number in range(count)
    ]


def seconds_of(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began
