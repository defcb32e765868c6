"""Runs beside a model server that works on fewer requests at once than are asked of it."""

import threading

import pytest
from django.conf import settings
from django.db import connection

from llmconfig.models import Preference
from tests.workers.waiting import wait_until
from workers.execution.runner import run_deliver
from workers.models import Breaker, PermitPool, TaskRun
from workers.submission.enqueue import enqueue
from workers.testing.fake_ollama import FakeOllama
from workers.testing.one_host import OneHost, Pace

MODEL, FALLBACK = "big:3b", "small:1b"


@pytest.fixture
def seconds():
    """How long the host generates an answer."""
    return 3.0


@pytest.fixture
def host(ollama, settings, seconds):
    """One host with one place."""
    pace = {MODEL: Pace(tokens=10, seconds=seconds), FALLBACK: Pace(tokens=2, seconds=0.2)}
    options = OneHost(places=1, load_seconds=0.0, pace=pace)
    with FakeOllama(one_host=options, resident=(MODEL, FALLBACK)) as fake:
        settings.OLLAMA_HOST = fake.host
        yield fake


@pytest.fixture
def accept(transactional_db, broker, host, person):
    def one(**stated):
        fields = {"model": MODEL, "fallback_model": FALLBACK, "max_retries": 0, **stated}
        Preference.objects.update_or_create(user=person, defaults=fields)
        return enqueue(
            task_type="TASK_TYPE_TEXT_GENERATION", payload={"prompt": "Hi"}, user_id=person.pk
        )

    return one


def begin(run):
    """Deliver a run in a thread of its own."""

    def work():
        try:
            run_deliver(run.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def fresh(run):
    return TaskRun.objects.prefetch_related("attempts").get(pk=run.pk)


def attempts(run):
    return [(a.model, a.outcome, a.cause) for a in fresh(run).attempts.all()]


@pytest.mark.parametrize("seconds", [0.8])
def test_a_run_waits_for_its_permit_without_a_slot_or_an_attempt(accept, host):
    first, second = accept(), accept()
    thread = begin(first)
    wait_until(lambda: host.statistics[MODEL].in_service)
    run_deliver(second.pk)
    waiting = fresh(second)
    assert (waiting.status, waiting.claim_token) == ("retrying", None)
    assert waiting.parked_on == f"permit {host.host} {MODEL}"
    assert attempts(second) == []
    thread.join()
    # It was woken when the permit was given back.
    assert fresh(second).status == "queued"
    run_deliver(second.pk)
    assert attempts(second) == [(MODEL, "succeeded", "")]


@pytest.mark.parametrize("seconds", [0.8])
def test_runs_that_the_permits_hold_back_are_all_answered_by_their_model(
    celery_worker, accept, host, finished
):
    runs = [accept(timeout_seconds=2) for _ in range(5)]
    ended = [finished(run, seconds=60) for run in runs]
    assert [(run.status, run.model_used) for run in ended] == [("succeeded", MODEL)] * 5
    assert host.statistics[MODEL].most_open <= 2


@pytest.fixture
def crowded(accept, host, settings):
    """A host that is said to work on two at once, and works on one: a run that it answers for
    three seconds, and one behind it whose time is over after one."""
    settings.LLM_HOST_CONCURRENCY = 2
    long, short = accept(timeout_seconds=30), accept(timeout_seconds=1)
    thread = begin(long)
    wait_until(lambda: host.statistics[MODEL].in_service)
    yield short
    thread.join()


def test_silence_behind_another_of_ours_waits_again_and_costs_nothing(crowded, host):
    run_deliver(crowded.pk)
    assert attempts(crowded) == [(MODEL, "host", "server_queue")]
    assert fresh(crowded).parked_on == f"permit {host.host} {MODEL}"
    assert not Breaker.objects.exists()


def test_the_second_time_it_is_slow_and_the_fallback_answers(crowded, host):
    run_deliver(crowded.pk)
    PermitPool.objects.update(learned=2, ceiling=None)
    TaskRun.objects.filter(pk=crowded.pk).update(parked_on="", published_at=None)
    run_deliver(crowded.pk)
    assert attempts(crowded) == [
        (MODEL, "host", "server_queue"),
        (MODEL, "slow", "timeout"),
        (FALLBACK, "succeeded", ""),
    ]


def test_a_model_that_hangs_is_slow_and_the_fallback_answers(accept, host, config_file):
    config_file('default: {model: "ok:3b", fallback_model: "", timeout: 1s}')
    host.script(MODEL, ["silent"])
    run = accept()
    run_deliver(run.pk)
    assert attempts(run) == [(MODEL, "slow", "timeout"), (FALLBACK, "succeeded", "")]
    assert Breaker.objects.get(host=settings.OLLAMA_HOST, model=MODEL).failures == 1
    assert PermitPool.objects.get(model=MODEL).learned == 1
