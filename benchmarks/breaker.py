"""The same outage behind our breaker and behind pybreaker's, on two processes of four threads.

A model fails after two seconds for 45 s, then answers in a tenth of one. Each thread wants it once
a second, and has a fallback when the breaker does not let it through. Fewer calls of the dead model
are better; more of the healthy one are. ``python -m benchmarks.breaker`` takes three minutes.

pybreaker keeps its state in Redis here. It is used in both of its ways: ``call``, which holds a
lock of the process while it calls, and ``calling``, which does not.
"""

import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from benchmarks.services import services

PROCESSES, THREADS = 2, 4
DEAD_SECONDS, HEALTHY_SECONDS = 45.0, 5.0
FAILS_AFTER_SECONDS, ANSWERS_AFTER_SECONDS, EVERY_SECONDS = 2.0, 0.1, 1.0
FAILURES_TO_OPEN, OPEN_SECONDS = 3, 10.0
HOST, MODEL = "http://gpu:11434", "big:7b"

#: Calls the model, unless the breaker does not let it.
Gate = Callable[[Callable[[], None]], None]


class Dead(Exception):
    """The model does not answer."""


class Model:
    """Dead until a moment, and then healthy; counts its calls."""

    def __init__(self, recovers_at: float) -> None:
        self.recovers_at = recovers_at
        self.lock = threading.Lock()
        self.calls = {"dead": 0, "healthy": 0}

    @property
    def is_dead(self) -> bool:
        return time.time() < self.recovers_at

    def call(self) -> None:
        is_dead = self.is_dead
        with self.lock:
            self.calls["dead" if is_dead else "healthy"] += 1
        time.sleep(FAILS_AFTER_SECONDS if is_dead else ANSWERS_AFTER_SECONDS)
        if is_dead:
            raise Dead


def ours() -> Gate:
    """Our breaker, as the runner uses it: under a claim."""
    from django.utils import timezone

    from workers.gates.breakers import breaker_record, breakers_of, probe_take
    from workers.gates.verdicts import Verdict
    from workers.models import TaskRun

    hour = timezone.now() + timedelta(hours=1)
    run = TaskRun(task_type="x", queue="x", payload={}, llm_config={}, deadline=hour)
    run.status, run.claim_token, run.lease_expires_at = "running", uuid.uuid4(), hour
    run.save()

    def gate(call: Callable[[], None]) -> None:
        standing = breakers_of(HOST, [MODEL]).get(MODEL)
        if standing and not probe_take(HOST, MODEL, run.claim_token, 60):
            return
        try:
            call()
        except Dead:
            breaker_record(HOST, MODEL, run.claim_token, Verdict.FAILED, "dead")
        else:
            breaker_record(HOST, MODEL, run.claim_token, Verdict.ANSWERED)

    return gate


def pybreaker_call() -> Gate:
    breaker = _pybreaker()
    return lambda call: breaker.call(call)


def pybreaker_calling() -> Gate:
    breaker = _pybreaker()

    def gate(call: Callable[[], None]) -> None:
        with breaker.calling():
            call()

    return gate


def _pybreaker():
    import pybreaker
    import redis

    with _once:
        if not _breakers:
            storage = pybreaker.CircuitRedisStorage(
                "closed", redis.Redis.from_url(os.environ["REDIS_URL"])
            )
            _breakers.append(
                pybreaker.CircuitBreaker(
                    fail_max=FAILURES_TO_OPEN, reset_timeout=OPEN_SECONDS, state_storage=storage
                )
            )
    return _breakers[0]


_once, _breakers = threading.Lock(), []
GATES = {gate.__name__: gate for gate in (ours, pybreaker_call, pybreaker_calling)}


def process(name: str, begins_at: float) -> None:
    """One process: prints how often it called the model."""
    import django

    django.setup()
    from pybreaker import CircuitBreakerError

    model = Model(begins_at + DEAD_SECONDS)
    ends_at = model.recovers_at + OPEN_SECONDS + HEALTHY_SECONDS

    def want() -> None:
        gate = GATES[name]()
        time.sleep(max(0.0, begins_at - time.time()))
        while (now := time.time()) < ends_at:
            with suppress(Dead, CircuitBreakerError):
                gate(model.call)
            if model.is_dead or not model.calls["healthy"]:
                time.sleep(max(0.0, now + EVERY_SECONDS - time.time()))

    threads = [threading.Thread(target=want) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps(model.calls))


def measure(name: str) -> dict[str, int]:
    """The calls of all processes together."""
    begins_at = str(time.time() + 5)
    command = [sys.executable, "-m", "benchmarks.breaker", name, begins_at]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(PROCESSES)]
    told = [json.loads(each.communicate()[0]) for each in started]
    return {phase: sum(calls[phase] for calls in told) for phase in ("dead", "healthy")}


def main() -> None:
    with services():
        found = {name: measure(name) for name in GATES}
    sys.stdout.write("gate                calls while dead   ratio   calls while healthy   ratio\n")
    for name, calls in found.items():
        ratios = {phase: calls[phase] / found["ours"][phase] for phase in calls}
        sys.stdout.write(
            f"{name:19} {calls['dead']:16} {ratios['dead']:7.1f} {calls['healthy']:21} "
            f"{ratios['healthy']:7.2f}\n"
        )


if __name__ == "__main__":
    if arguments := sys.argv[1:]:
        process(arguments[0], float(arguments[1]))
    else:
        main()
