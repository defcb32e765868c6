"""One loop per process: cancelling, concurrency, closing, forking."""

import asyncio
import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate

import pytest

from tests.workers.backends.ollama.asking import ask, failure
from workers.backends import ollama as backend
from workers.backends.ollama import runtime
from workers.runs.outcomes import AttemptFailed, Cause, Outcome
from workers.testing import behaviours as b

MANY = 50


def loop_threads():
    return [thread for thread in threading.enumerate() if thread.name == "llm-backend"]


def most_at_once(exchanges):
    """The largest number of exchanges under way at one moment."""
    moments = [(x.began_at, 1) for x in exchanges] + [(x.ended_at, -1) for x in exchanges]
    return max(accumulate(change for _, change in sorted(moments)))


@pytest.mark.parametrize(
    "behaviour",
    [b.Silent(), b.SilentAfterHead(), b.NeverEnding(), b.StallAfter(), b.SlowHead()],
    ids=str,
)
def test_cancelling_closes_the_connection_within_a_second(fake_ollama, behaviour):
    fake_ollama.script("m:1", [behaviour])
    cancelled = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        attempt = threads.submit(ask, fake_ollama.host, "m:1", cancelled=cancelled)
        assert fake_ollama.wait_until(lambda: fake_ollama.requests("/api/chat"))
        time.sleep(0.1)
        began = time.monotonic()
        cancelled.set()
        failed = attempt.exception()
        assert time.monotonic() - began < 1
    assert (failed.outcome, failed.cause) == (Outcome.FINAL, Cause.CANCELLED)
    [chat] = fake_ollama.requests("/api/chat")
    assert fake_ollama.wait_until(lambda: chat.client_closed)
    assert chat.ended_at - began < 1


def test_cancelling_gives_a_load_up(fake_ollama):
    cancelled = threading.Event()
    threading.Timer(1.0, cancelled.set).start()
    assert failure(fake_ollama.host, "slow-load-60:1", cancelled=cancelled).cause is Cause.CANCELLED
    [chat], [watch] = fake_ollama.requests("/api/chat"), fake_ollama.requests("/api/generate")
    assert fake_ollama.wait_until(lambda: chat.client_closed and watch.client_closed)


def test_what_was_cancelled_before_never_reaches_ollama(fake_ollama):
    cancelled = threading.Event()
    cancelled.set()
    assert failure(fake_ollama.host, cancelled=cancelled).outcome is Outcome.FINAL
    assert fake_ollama.log == ()


def test_an_event_that_is_never_set_changes_nothing(fake_ollama):
    fake_ollama.script("m:1", [b.Ok(delay=0.2)])
    assert ask(fake_ollama.host, "m:1", cancelled=threading.Event()).content


def test_fifty_generations_run_at_once_on_one_loop(fake_ollama):
    fake_ollama.load("m:1")
    fake_ollama.script("m:1", [b.Ok(text="word " * 20, chunks=20, delay=0.05)] * MANY)
    with ThreadPoolExecutor(MANY) as threads:
        answers = list(threads.map(lambda _: ask(fake_ollama.host, "m:1"), range(MANY)))
    assert {answer.content for answer in answers} == {"word " * 20}
    assert most_at_once(fake_ollama.requests("/api/chat")) > MANY / 2
    assert len(loop_threads()) == 1


def test_a_connection_that_brought_an_answer_brings_nothing_else(fake_ollama):
    fake_ollama.load("ok:1")
    for asked in range(1, 6):
        ask(fake_ollama.host)
        assert fake_ollama.connections == asked


def test_one_that_fails_leaves_the_others_alone(fake_ollama):
    with ThreadPoolExecutor(8) as threads:
        names = ["ok:1", "reset:1", "http-503:1", "broken-json:1"] * 2
        works = [threads.submit(ask, fake_ollama.host, name) for name in names]
        good = [work for work in works if work.exception() is None]
    assert len(good) == names.count("ok:1")


def test_closing_ends_what_is_under_way_as_transient(fake_ollama):
    with ThreadPoolExecutor(1) as threads:
        attempt = threads.submit(ask, fake_ollama.host, "silent:1")
        assert fake_ollama.wait_until(lambda: fake_ollama.requests("/api/chat"))
        backend.close()
        failed = attempt.exception()
    assert (failed.outcome, failed.cause) == (Outcome.TRANSIENT, Cause.STOPPED)
    assert loop_threads() == []


def test_after_closing_the_next_call_starts_anew(fake_ollama):
    ask(fake_ollama.host)
    backend.close()
    backend.close()
    assert ask(fake_ollama.host).content


def test_who_comes_after_the_close_does_not_wait_for_ever():
    closed = runtime.Runtime()
    closed.close()
    with pytest.raises(AttemptFailed) as caught:
        closed.submit(asyncio.sleep(0))
    assert (caught.value.outcome, caught.value.cause) == (Outcome.TRANSIENT, Cause.STOPPED)


# Python 3.12 and newer warn of any fork with threads about; that is what is tested.
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_makes_its_own_loop_and_leaves_the_parents_alone(fake_ollama):
    assert ask(fake_ollama.host).content
    with ThreadPoolExecutor(1) as threads:
        fake_ollama.script("m:1", [b.Ok(delay=0.3)])
        attempt = threads.submit(ask, fake_ollama.host, "m:1")
        assert fake_ollama.wait_until(lambda: fake_ollama.requests("/api/chat", "m:1"))
        assert answer_of_a_child(fake_ollama.host) == "This is the answer of ok:2."
        assert attempt.result().content
    assert ask(fake_ollama.host).content


def answer_of_a_child(host):
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe()
    child = fork.Process(target=lambda: there.send(ask(host, "ok:2").content))
    child.start()
    answer = here.recv() if here.poll(10) else None
    child.join(10)
    return answer
