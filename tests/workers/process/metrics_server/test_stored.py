"""Gauges of what the database holds."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client import CollectorRegistry

from workers.gates.breakers import State
from workers.metrics import labels
from workers.models import Breaker, PermitPool, TaskRun
from workers.process.metrics_server.stored import StoredCollector, snapshot_take

pytestmark = pytest.mark.django_db

HOST = "http://h:11434"
QUEUES = ("llm.text_generation", "llm.text_generation.low")


@pytest.fixture
def sample(monkeypatch):
    monkeypatch.setattr(labels, "_models", {"a:1", "b:1"})
    collector, registry = StoredCollector(), CollectorRegistry()
    registry.register(collector)

    def value(name, **named):
        collector.snapshot = snapshot_take(HOST, QUEUES)
        return registry.get_sample_value(name, named)

    return value


def park(queue, on=HOST):
    TaskRun.objects.create(
        task_type="TASK_TYPE_TEXT_GENERATION",
        queue=queue,
        status="retrying",
        parked_on=on,
        payload={},
        llm_config={},
        deadline=timezone.now() + timedelta(minutes=10),
    )


def test_parked_runs_are_counted_by_queue_and_nothing_else_is(sample):
    park(QUEUES[0])
    park(QUEUES[0])
    park(QUEUES[0], on="")
    park("llm.weekly_report")
    assert sample("llm_parked", queue=QUEUES[0]) == 2
    assert sample("llm_parked", queue=QUEUES[1]) == 0
    assert sample("llm_parked", queue="llm.weekly_report") is None


@pytest.mark.parametrize(
    ("open_until", "state"), [(None, "closed"), (60, "open"), (-60, "half-open")]
)
def test_a_breaker_is_in_one_state(sample, open_until, state):
    moment = None if open_until is None else timezone.now() + timedelta(seconds=open_until)
    Breaker.objects.create(host=HOST, model="a:1", open_until=moment)
    Breaker.objects.create(host="http://other:11434", model="b:1", open_until=moment)
    states = {s: sample("llm_breakers", model="a:1", state=s) for s in State.values}
    assert states == {**dict.fromkeys(states, 0.0), state: 1.0}
    assert sample("llm_breakers", model="b:1", state=state) is None


def test_breakers_of_models_without_a_name_here_are_counted_together(sample):
    for model in ("x:1", "y:1"):
        Breaker.objects.create(host=HOST, model=model)
    assert sample("llm_breakers", model="other", state="closed") == 2


def test_a_look_takes_five_queries(django_assert_num_queries):
    with django_assert_num_queries(5):
        snapshot_take(HOST, QUEUES)


def test_permits_are_counted_by_model(sample, settings):
    settings.LLM_HOST_CONCURRENCY = 3
    pool = PermitPool.objects.create(host=HOST, model="a:1")
    park(QUEUES[0], on=f"permit {HOST} a:1")
    TaskRun.objects.create(
        task_type="TASK_TYPE_TEXT_GENERATION",
        queue=QUEUES[0],
        status="running",
        permit=pool,
        claim_token=uuid.uuid4(),
        lease_expires_at=timezone.now() + timedelta(minutes=1),
        payload={},
        llm_config={},
        deadline=timezone.now() + timedelta(minutes=10),
    )
    gauges = ("llm_permits", "llm_permits_held", "llm_permits_waiting")
    assert [sample(name, model="a:1") for name in gauges] == [3, 1, 1]
