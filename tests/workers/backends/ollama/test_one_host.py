"""Loads and waits on a host that works as Ollama does: places, evictions, models that leave."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.workers.backends.ollama.asking import ask, failure
from workers.backends.ollama import loading
from workers.runs.outcomes import Cause, Outcome
from workers.testing import behaviours as b
from workers.testing.fake_ollama import FakeOllama
from workers.testing.one_host import OneHost, Pace
from workers.testing.script import always

#: Longer than the silence after which a load is watched.
LOAD_SECONDS = 0.4
PACE = Pace(tokens=4, seconds=0.2)


@pytest.fixture(autouse=True)
def watch_soon(monkeypatch):
    """A load is watched after a moment of silence."""
    monkeypatch.setattr(loading, "WATCH_AFTER_SECONDS", 0.1)


@pytest.fixture
def one_host(request):
    """A host with these settings besides the load and the pace of every model."""
    settings = {"load_seconds": LOAD_SECONDS, "pace": PACE, **getattr(request, "param", {})}
    with FakeOllama(one_host=OneHost(**settings)) as fake:
        yield fake


def settings(**values):
    return pytest.mark.parametrize("one_host", [values], indirect=True, ids=str)


def ask_many(host, models, **details):
    """The answers to questions that are asked at the same time."""
    with ThreadPoolExecutor(len(models)) as threads:
        works = [threads.submit(ask, host, model, **details) for model in models]
        return [work.result() for work in works]


def loads(fake, model="m:1"):
    return fake.statistics[model].loads


@settings(keep_alive=0)
def test_where_models_leave_at_once_each_run_loads_its_model_once(one_host):
    answers = [ask(one_host.host, "m:1") for _ in range(4)]
    assert loads(one_host) == 4
    assert all(answer.load_ms >= 1000 * LOAD_SECONDS for answer in answers)


@settings(keep_alive=0, load_seconds=0.05)
def test_a_load_that_is_over_before_it_is_watched_is_not_repeated(one_host):
    for _ in range(4):
        ask(one_host.host, "m:1")
    assert loads(one_host) == 4


@settings(keep_alive=0)
def test_concurrent_requests_for_a_model_load_it_once(one_host):
    ask_many(one_host.host, ["m:1"] * 6)
    assert loads(one_host) == 1


# Python 3.12 and newer warn of any fork with threads about; workers fork, too.
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@settings(load_seconds=1.0)
def test_several_processes_load_a_model_once(one_host):
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=ask_many, args=(one_host.host, ["m:1"] * 2)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(30)
    assert [child.exitcode for child in children] == [0, 0, 0]
    assert one_host.statistics["m:1"].most_open >= 6
    assert loads(one_host) == 1


@settings(load_seconds=1.5)
def test_a_load_spends_no_time_of_the_attempt_and_is_reported_apart(one_host):
    answer = ask(one_host.host, "m:1", limits={"timeout_seconds": 1.2})
    assert answer.load_ms >= 1500
    assert 0 < answer.first_token_ms <= answer.duration_ms < 1200
    assert ask(one_host.host, "m:1").load_ms < 1500


@settings(max_loaded=1, pace={"a:1": Pace(seconds=1.0), "b:1": PACE})
def test_the_wait_for_another_model_to_leave_is_loading(one_host):
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(ask, one_host.host, "a:1")
        assert one_host.wait_until(lambda: one_host.statistics["a:1"].in_service)
        second = ask(one_host.host, "b:1", limits={"timeout_seconds": 1.0})
        assert first.result().content
    assert second.load_ms >= 1000
    assert (loads(one_host, "a:1"), loads(one_host, "b:1")) == (1, 1)


@settings(max_loaded=1, keep_alive=0)
def test_a_switch_between_models_wastes_no_load(one_host):
    for _ in range(2):
        ask(one_host.host, "a:1")
        ask(one_host.host, "b:1")
    assert (loads(one_host, "a:1"), loads(one_host, "b:1")) == (2, 2)


@settings(places=1, load_seconds=0)
def test_the_time_in_the_servers_own_queue_is_reported(one_host):
    answers = ask_many(one_host.host, ["m:1"] * 4)
    waited = sorted(answer.queue_ms for answer in answers)
    assert waited[0] < 1000 * PACE.seconds
    assert waited[-1] >= 1000 * PACE.seconds * 2.5


@settings(places=4, load_seconds=0)
def test_with_a_place_for_each_there_is_no_queue(one_host):
    answers = ask_many(one_host.host, ["m:1"] * 4)
    assert all(answer.queue_ms < 1000 * PACE.seconds for answer in answers)


def test_a_model_loaded_with_another_context_is_loaded_anew_once(one_host):
    ask(one_host.host, "m:1")
    ask_many(one_host.host, ["m:1"] * 3, options={"context_window": 1024})
    assert loads(one_host) == 2


def test_a_model_that_is_silent_after_its_load_is_slow(one_host):
    one_host.script("m:1", [b.Silent()])
    failed = failure(one_host.host, "m:1", limits={"timeout_seconds": 0.3})
    assert (failed.outcome, failed.cause) == (Outcome.SLOW, Cause.TIMEOUT)
    assert failed.load_ms >= 1000 * LOAD_SECONDS


def test_a_load_that_is_too_long_is_given_up(one_host):
    limits = {"load_timeout_seconds": 0.2}
    assert failure(one_host.host, "m:1", limits=limits).cause is Cause.LOAD_TIMEOUT
    assert one_host.wait_until(lambda: not one_host.statistics["m:1"].open)


@settings(keep_alive=0)
def test_a_load_that_fails_is_tried_once(one_host):
    one_host.script("m:1", [always(b.LoadFails())])
    assert failure(one_host.host, "m:1").cause is Cause.CANNOT_LOAD
    assert [x.path for x in one_host.log] == ["/api/ps", "/api/chat"]
