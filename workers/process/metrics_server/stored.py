"""Gauges of what the database holds, as of the last look: a scrape never waits for a database.

Workers that share a queue tell the same numbers: aggregate by ``max``, not by ``sum``.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import Count
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from workers.gates.breakers import State, state_of, with_state
from workers.gates.models import Breaker
from workers.gates.permits.selectors import PoolState, pool_states
from workers.metrics.instruments import REGISTRY
from workers.metrics.labels import model_label
from workers.runs.models import TaskRun
from workers.runs.states import Status


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One look at the database."""

    #: Parked runs by queue.
    parked: Mapping[str, int] = field(default_factory=dict)
    #: Models and the states that their breakers are in.
    breakers: tuple[tuple[str, str], ...] = ()
    #: Permit pools of the host.
    permits: tuple[PoolState, ...] = ()


def snapshot_take(host: str, queues: Iterable[str]) -> Snapshot:
    """Look at these queues and this host, in five queries."""
    parked = TaskRun.objects.filter(status=Status.RETRYING, queue__in=list(queues))
    counted = parked.exclude(parked_on="").order_by().values_list("queue").annotate(Count("pk"))
    return Snapshot(
        parked={**dict.fromkeys(queues, 0), **dict(counted)},
        breakers=tuple(
            (breaker.model, str(state_of(breaker)))
            for breaker in with_state(Breaker.objects.filter(host=host))
        ),
        permits=tuple(pool_states(host)),
    )


class StoredCollector(Collector):
    """Tells the snapshot that it was given last."""

    def __init__(self) -> None:
        self.snapshot = Snapshot()

    def collect(self) -> Iterator[Metric]:
        parked = GaugeMetricFamily("llm_parked", "Parked runs by queue.", labels=["queue"])
        for queue, count in self.snapshot.parked.items():
            parked.add_metric([queue], count)
        yield parked
        breakers = GaugeMetricFamily(
            "llm_breakers", "Breakers of this worker's model server by state.",
            labels=["model", "state"],
        )  # fmt: skip
        counted = Counter((model_label(model), state) for model, state in self.snapshot.breakers)
        for model in {model for model, _state in counted}:
            for state in State.values:
                breakers.add_metric([model, state], counted[model, state])
        yield breakers
        yield from self._permits()

    def _permits(self) -> Iterator[Metric]:
        gauges = {
            "permits": ("permits", "Attempts that may be open at once on this worker's server."),
            "permits_held": ("held", "Attempts that are open, or about to begin."),
            "permits_waiting": ("waiting", "Runs that wait for a permit."),
        }
        for name, (of_pool, help_text) in gauges.items():
            gauge = GaugeMetricFamily(f"llm_{name}", help_text, labels=["model"])
            counts: Counter[str] = Counter()
            for pool in self.snapshot.permits:
                counts[model_label(pool.model)] += getattr(pool, of_pool)
            for model, count in counts.items():
                gauge.add_metric([model], count)
            yield gauge


STORED = StoredCollector()
REGISTRY.register(STORED)
