"""More runs than the host works on: do people get the model that they chose, and how fast?

Beside it the same requests by hand: as many threads as the workers have slots, each with the
official client and a timeout, and the fallback where it passes.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.chaos.runs import ended
from benchmarks.chaos.stand import stack
from benchmarks.chaos.verdict import Verdict, say
from benchmarks.permit_parts.host import (
    FALLBACK,
    MODEL,
    PAYLOADS,
    QUEUES,
    config,
    enqueue_over,
    one_host,
    seconds_of,
    workers,
)
from workers.testing.fake_ollama import FakeOllama

SHORTEST, LONGEST, TIMEOUT = 3.0, 6.0, 30.0
RUNS = 18
SLOTS = 4
TO_LEARN, TO_LEARN_AGAIN = 40, 20
#: Of the most that the host can do, and of what the bare client gets from it.
BOUND = 1.1
ALONE_BOUND = 0.95


def learned(scale: float) -> int:
    """The number is learned, and again when the host's places change."""
    verdict = Verdict("learned")
    with (
        _host(scale, places=1) as host,
        stack(host.host, workers=workers(), concurrency=SLOTS, config=_config(scale)),
    ):
        for places, runs in ((1, TO_LEARN), (2, TO_LEARN_AGAIN), (4, TO_LEARN_AGAIN), (1, 20)):
            host.set_places(places)
            _learn(verdict, host, places, runs)
            _measure(verdict, host, places)
    _by_hand(verdict, scale)
    return verdict.end()


def stated(places: int, scale: float) -> int:
    """The number is stated by LLM_HOST_CONCURRENCY."""
    verdict = Verdict(f"stated-{places}")
    kind = {"workers": workers(), "concurrency": SLOTS, "config": _config(scale)}
    with (
        _host(scale, places=places) as host,
        stack(host.host, **kind, LLM_HOST_CONCURRENCY=str(places)),
    ):
        took = _measure(verdict, host, places)
        alone = _alone(host, places)
    verdict.at_least(
        f"throughput on {places} places, to the bare client's", alone / took, ALONE_BOUND, "×"
    )
    return verdict.end()


def _host(scale: float, places: int) -> FakeOllama:
    return one_host(SHORTEST * scale, LONGEST * scale, places)


def _config(scale: float) -> dict[str, Any]:
    return config(timeout=f"{max(1, round(TIMEOUT * scale))}s", deadline="3600s")


def _learn(verdict: Verdict, host: FakeOllama, places: int, runs: int) -> None:
    from workers.models import PermitPool

    done = ended(enqueue_over(QUEUES, runs), 600)
    number = PermitPool.objects.get(host=host.host, model=MODEL).learned
    what = f"permits after {runs} runs of a host with {places} places"
    verdict.check(what, number, str(places), holds=number == places)
    _judge(verdict, done, f"while {places} places are learned")


def _alone(host: FakeOllama, places: int) -> float:
    """Seconds that the same requests take of the bare client, one at once for each place."""
    with ThreadPoolExecutor(places) as threads:
        asked = range(RUNS * places)
        return seconds_of(lambda: list(threads.map(lambda _n: _ask(host.host, TIMEOUT), asked)))


def _measure(verdict: Verdict, host: FakeOllama, places: int) -> float:
    host.statistics.reset()
    runs: dict[Any, Any] = {}

    def work() -> None:
        # More of them on more places, or the last to end would decide.
        runs.update(ended(enqueue_over(QUEUES, RUNS * places), 600))

    took = seconds_of(work)
    limit = host.statistics[MODEL].generation_seconds / places
    _judge(verdict, runs, f"{RUNS * places} runs on {places} places")
    verdict.at_most(f"time of {RUNS * places} runs on {places} places", took / limit, BOUND, "×")
    return took


def _judge(verdict: Verdict, runs: dict[Any, Any], what: str) -> None:
    attempts = Counter(str(a.outcome) for run in runs.values() for a in run.attempts.all())
    fell_back = sum(run.fallback_used for run in runs.values())
    failed = sum(run.status != "succeeded" for run in runs.values())
    verdict.at_most(f"{what}: answered by the fallback", fell_back, 0)
    verdict.at_most(f"{what}: slow attempts", attempts["slow"], 0)
    verdict.at_most(f"{what}: without an answer", failed, 0)


def _by_hand(verdict: Verdict, scale: float) -> None:
    """What hand-written tasks do, for comparison: it is no check."""
    with _host(scale, places=1) as host, ThreadPoolExecutor(SLOTS * len(QUEUES)) as threads:
        answers = list(threads.map(lambda _n: _ask(host.host, TIMEOUT * scale), range(RUNS)))
    say(f"      by hand: {answers.count(FALLBACK)} of {RUNS} answered by the fallback on 1 place")
    verdict.check(
        "hand-written tasks, answered by the fallback",
        answers.count(FALLBACK),
        "for comparison",
        holds=True,
    )


def _ask(host: str, timeout: float) -> str:
    import httpx
    import ollama

    messages = [{"role": "user", "content": PAYLOADS["text_generation"]["prompt"]}]
    for model in (MODEL, FALLBACK):
        try:
            ollama.Client(host, timeout=timeout).chat(model, messages)
        except httpx.TimeoutException:
            continue
        return model
    return ""
