"""300 runs while workers are killed: permits come back with the lease, none is counted twice."""

import itertools
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.chaos.runs import count_states, ended
from benchmarks.chaos.stand import Stack, stack
from benchmarks.chaos.verdict import Verdict
from benchmarks.permit_parts.host import MODEL, QUEUES, config, enqueue_over, one_host, workers

RUNS, KILLS, PERMITS = 300, 12, 3
SHORTEST, LONGEST = 0.5, 1.0
#: The lease, and the second in which a killed process's permit is handed on.
LEASE_SECONDS, GRACE_SECONDS = 30.0, 5.0


def main(_scale: float) -> int:
    verdict = Verdict("kills")
    with (
        one_host(SHORTEST, LONGEST, places=PERMITS) as host,
        stack(
            host.host,
            workers=workers(),
            concurrency=4,
            config=config(deadline="3600s", max_retries=10),
            LLM_HOST_CONCURRENCY=str(PERMITS),
        ) as made,
    ):
        runs = enqueue_over(QUEUES, RUNS)
        with _watching() as seen:
            killed = _kill(made)
            done = ended(runs, 600)
    answered = sum(run.status == "succeeded" for run in done.values())
    own = sum(run.model_used == MODEL for run in done.values())
    verdict.check("workers killed", killed, str(KILLS), holds=killed == KILLS)
    verdict.check(f"runs: {count_states(done)}", answered, str(RUNS), holds=answered == RUNS)
    verdict.at_least("answered by their own model", own, RUNS)
    verdict.at_most("permits counted at once", seen.most, PERMITS)
    verdict.at_most("attempts open at once on the host", host.statistics[MODEL].most_open, PERMITS)
    verdict.at_most(
        "seconds without a free permit or an answer", seen.idle, LEASE_SECONDS + GRACE_SECONDS
    )
    return verdict.end()


def _kill(made: Stack) -> int:
    """Kill the workers in turn, each while it works; how many were killed."""
    killed = 0
    for name in itertools.cycle(f"worker_{name}" for name in QUEUES):
        time.sleep(2)
        killed += made.signal(name, signal.SIGKILL)
        if killed == KILLS:
            return killed
    return killed


class _Seen:
    """What a look at the database every 50 ms saw."""

    def __init__(self) -> None:
        self.most = 0
        #: The longest time in which runs waited and none ended.
        self.idle = 0.0


@contextmanager
def _watching() -> Iterator[_Seen]:
    from django.db import connection
    from django.db.models.functions import Now

    from workers.models import TaskRun

    seen, stop = _Seen(), threading.Event()

    def look() -> None:
        ended_before, since = 0, time.monotonic()
        while not stop.wait(0.05):
            held = TaskRun.objects.filter(
                status="running", lease_expires_at__gt=Now(), permit__isnull=False
            )
            seen.most = max(seen.most, held.count())
            ended_now = TaskRun.objects.filter(finished_at__isnull=False).count()
            if ended_now != ended_before:
                ended_before, since = ended_now, time.monotonic()
            seen.idle = max(seen.idle, time.monotonic() - since)
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()
