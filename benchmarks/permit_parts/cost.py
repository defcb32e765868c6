"""What a permit costs of a run that is answered at once.

The same deliveries in one process, in turns: with permits, and with the functions that take, give
back, hand on and learn replaced by nothing.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from benchmarks.chaos.verdict import Verdict
from benchmarks.permit_parts.host import MODEL, PAYLOADS, one_host
from benchmarks.services import services

ROUNDS, EACH, WARM_UP = 150, 3, 10
BOUND = 0.10


def main(_scale: float) -> int:
    verdict = Verdict("cost")
    verdict.at_most("a permit, of a run that is answered at once", _share(), BOUND)
    return verdict.end()


def _share() -> float:
    """The time that permits add to a delivery, as a share of the delivery with them."""
    with one_host(0.0, 0.0, places=64) as host, services():
        from django.test import override_settings

        with override_settings(OLLAMA_HOST=host.host):
            for _ in range(WARM_UP):
                _deliver(EACH)
            with_permits = without = 0.0
            for _ in range(ROUNDS):
                with_permits += _deliver(EACH)
                with _no_permits():
                    without += _deliver(EACH)
    return (with_permits - without) / with_permits


def _deliver(count: int) -> float:
    """Seconds that so many deliveries take."""
    from workers.execution.runner import run_deliver
    from workers.models import TaskRun
    from workers.submission.enqueue import enqueue

    runs = [
        enqueue(
            task_type="TASK_TYPE_TEXT_GENERATION",
            payload=PAYLOADS["text_generation"],
            request={"model": MODEL},
        )
        for _ in range(count)
    ]
    began = time.monotonic()
    for run in runs:
        run_deliver(run.pk)
    took = time.monotonic() - began
    ids = [run.pk for run in runs]
    succeeded = TaskRun.objects.filter(pk__in=ids, status="succeeded").count()
    if succeeded != count:
        raise RuntimeError(f"{succeeded} of {count} runs succeeded")
    return took


@contextmanager
def _no_permits() -> Iterator[None]:
    from workers.execution import runner
    from workers.gates.permits.learning import Knowledge
    from workers.gates.permits.pools import Pool
    from workers.gates.permits.taking import Permit

    pool = Pool(id=0, host="", model="", known=Knowledge())
    permit = Permit(pool=pool, open_at_once=1, newest_attempt=0, is_waited_for=False)
    with (
        mock.patch.object(runner, "permit_take", return_value=permit),
        mock.patch.object(runner._Delivery, "_give_back"),
        mock.patch.object(runner.HeldPermit, "replace"),
        mock.patch.object(runner.HeldPermit, "end"),
    ):
        yield
