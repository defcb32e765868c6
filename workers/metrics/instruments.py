"""Instruments of a worker: what it counts itself.

Gauges read from the database are in `workers.process.metrics_server.stored`.

No label holds a person, a run or a text. Counters begin at 0 with the process.
"""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

# A second series beside each counter, which says no more than process_start_time_seconds.
disable_created_metrics()  # type: ignore[no-untyped-call]

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

ATTEMPT_BUCKETS = (0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 600)
FIRST_TOKEN_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300)
WAIT_BUCKETS = (0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400)

WORKER = Info("llm_worker", "The worker: node name, version and queues.", registry=REGISTRY)
REGISTRY_AGE_SECONDS = Gauge(
    "llm_registry_age_seconds", "Since this worker's last written heartbeat.", registry=REGISTRY
)


def _counter(name: str, help_text: str, *labels: str) -> Counter:
    return Counter(f"llm_{name}", help_text, labels, registry=REGISTRY)


def _histogram(name: str, help_text: str, *labels: str, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(f"llm_{name}", help_text, labels, registry=REGISTRY, buckets=buckets)


#: What `workers.metrics.book` adds to or observes, by name.
BOOKED: dict[str, Counter | Gauge | Histogram] = {
    "runs": _counter("runs", "Runs that this worker ended.", "task_type", "status"),
    "attempts": _counter("attempts", "Attempts by the model called.", "model", "outcome"),
    "fallbacks": _counter("fallbacks", "Times that a fallback took over.", "primary", "fallback"),
    "tokens": _counter("tokens", "Tokens of prompts read and answers written.", "model", "kind"),
    "thread_failures": _counter("thread_failures", "Looks of a thread that failed.", "thread"),
    "leases_lost": _counter("leases_lost", "Runs taken from workers that stopped renewing."),
    "running": Gauge("llm_running", "Runs at work here now.", ["task_type"], registry=REGISTRY),
    "attempt_seconds": _histogram(
        "attempt_duration_seconds", "How long attempts took, loading included.", "model",
        buckets=ATTEMPT_BUCKETS,
    ),
    "first_token_seconds": _histogram(
        "first_token_seconds", "How long the first token took, without loading.", "model",
        buckets=FIRST_TOKEN_BUCKETS,
    ),
    "queue_wait_seconds": _histogram(
        "queue_wait_seconds", "From the moment a run may start to its claim.", "task_type",
        buckets=WAIT_BUCKETS,
    ),
}  # fmt: skip
