"""200 runs wait for a model whose permits are taken; 20 of another model come to the same queue.

The other model's runs must not wait for the first one's permits, and those that wait hold no slot.
"""

import time
from typing import Any

from benchmarks.chaos.runs import ended
from benchmarks.chaos.stand import await_, stack
from benchmarks.chaos.verdict import Verdict
from benchmarks.permit_parts.host import MODEL, PAYLOADS, config, one_host, workers

OTHER = "other:3b"
QUEUE = "text_generation"
WAITING, BESIDE = 200, 20
SLOTS = 4
SECONDS = 2.0


def main(_scale: float) -> int:
    verdict = Verdict("apart")
    variables = {"LLM_HOST_CONCURRENCY": "1"}
    with (
        one_host(SECONDS, SECONDS) as host,
        stack(
            host.host,
            workers=workers([QUEUE]),
            concurrency=SLOTS,
            config=config(deadline="3600s"),
            **variables,
        ),
    ):
        from workers.models import TaskRun

        for _ in range(WAITING):
            _ask(MODEL)
        waiting = TaskRun.objects.filter(parked_on__startswith="permit ")
        await_(lambda: waiting.count() >= WAITING - 2, 120)
        began = time.monotonic()
        beside = [_ask(OTHER) for _ in range(BESIDE)]
        slots = _slots_in_use(lambda: TaskRun.objects.filter(status="running").count())
        done = ended(beside, 600)
        took = time.monotonic() - began
        left = waiting.filter(parked_on__contains=MODEL).count()
    answered = sum(run.model_used == OTHER for run in done.values())
    alone = host.statistics[OTHER].generation_seconds
    verdict.check("answered by their own model", answered, str(BESIDE), holds=answered == BESIDE)
    verdict.at_most("time of the 20 beside 200, to the 20 alone", took / alone, 1.3, "×")
    verdict.at_least("of the 200 still waiting then", left, WAITING // 2)
    verdict.at_most("slots in use while 200 wait (of 4), the most", slots, 2)
    return verdict.end()


def _ask(model: str) -> Any:
    from workers.submission.enqueue import enqueue

    return enqueue(
        task_type=f"TASK_TYPE_{QUEUE.upper()}", payload=PAYLOADS[QUEUE], request={"model": model}
    )


def _slots_in_use(count: Any) -> int:
    """The second-most of some looks: one delivery at a time may be about to park its run."""
    looks = sorted(_paced(count) for _ in range(40))
    return int(looks[-3])


def _paced(count: Any) -> int:
    time.sleep(0.1)
    return int(count())
