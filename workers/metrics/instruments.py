"""The metrics that a worker counts itself. Those read from the database are in ``stored``.

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
RUNS = Counter(
    "llm_runs", "Runs that this worker ended.", ["task_type", "status"], registry=REGISTRY
)
ATTEMPTS = Counter(
    "llm_attempts", "Attempts by the model that was called.", ["model", "outcome"],
    registry=REGISTRY,
)  # fmt: skip
FALLBACKS = Counter(
    "llm_fallbacks", "Times that a fallback took over.", ["primary", "fallback"],
    registry=REGISTRY,
)  # fmt: skip
ATTEMPT_SECONDS = Histogram(
    "llm_attempt_duration_seconds", "How long attempts took, loading included.", ["model"],
    registry=REGISTRY, buckets=ATTEMPT_BUCKETS,
)  # fmt: skip
FIRST_TOKEN_SECONDS = Histogram(
    "llm_first_token_seconds", "How long the first token took, without loading.", ["model"],
    registry=REGISTRY, buckets=FIRST_TOKEN_BUCKETS,
)  # fmt: skip
TOKENS = Counter(
    "llm_tokens", "Tokens of prompts read and answers written.", ["model", "kind"],
    registry=REGISTRY,
)  # fmt: skip
QUEUE_WAIT_SECONDS = Histogram(
    "llm_queue_wait_seconds", "From the moment a run may start to its claim.", ["task_type"],
    registry=REGISTRY, buckets=WAIT_BUCKETS,
)  # fmt: skip
RUNNING = Gauge("llm_running", "Runs at work here now.", ["task_type"], registry=REGISTRY)
THREAD_FAILURES = Counter(
    "llm_thread_failures", "Looks of a thread that failed.", ["thread"], registry=REGISTRY
)
LEASES_LOST = Counter(
    "llm_leases_lost", "Runs taken from workers that stopped renewing.", registry=REGISTRY
)
REGISTRY_AGE_SECONDS = Gauge(
    "llm_registry_age_seconds", "Since this worker's last written heartbeat.", registry=REGISTRY
)
