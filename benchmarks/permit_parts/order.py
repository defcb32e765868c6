"""2,000 low runs, then 20 normal ones: the normal ones are answered first."""

import time

from benchmarks.chaos.runs import ended
from benchmarks.chaos.stand import stack
from benchmarks.chaos.verdict import Verdict
from benchmarks.permit_parts.host import config, enqueue_over, one_host, workers

LOW, NORMAL = 2000, 20
SECONDS = 0.5
QUEUE = ("text_generation",)


def main(_scale: float) -> int:
    verdict = Verdict("order")
    with (
        one_host(SECONDS, SECONDS) as host,
        stack(
            host.host,
            workers=workers(QUEUE),
            concurrency=4,
            config=config(deadline="24h"),
            LLM_HOST_CONCURRENCY="1",
        ),
    ):
        from workers.models import TaskRun

        enqueue_over(QUEUE, LOW, priority="low")
        began = time.monotonic()
        normal = enqueue_over(QUEUE, NORMAL)
        accepted = normal[-1].created_at
        done = ended(normal, 600)
        took = time.monotonic() - began
        last = max(run.finished_at for run in done.values())
        low = TaskRun.objects.filter(priority="low", finished_at__range=(accepted, last))
        between = low.count()
    verdict.check("normal runs answered", len(done), str(NORMAL), holds=len(done) == NORMAL)
    # One low run is at work when they come, and one may just have been woken.
    verdict.at_most("low runs answered meanwhile", between, 2)
    needed = NORMAL * SECONDS
    verdict.at_most("time of the normal ones, to what the host needs", took / needed, 1.3, "×")
    return verdict.end()
