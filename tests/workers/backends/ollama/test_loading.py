"""A model that is not loaded is asked at once, and its load has a clock of its own."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.workers.backends.ollama.asking import SOON, ask, failure, free_port
from workers.backends.ollama import loading
from workers.runs.outcomes import AttemptFailed, Cause, Outcome
from workers.testing import behaviours as b
from workers.testing.fake_ollama import FakeOllama
from workers.testing.script import always


@pytest.fixture(autouse=True)
def watch_soon(monkeypatch):
    """A load is watched after a moment of silence."""
    monkeypatch.setattr(loading, "WATCH_AFTER_SECONDS", 0.1)


@dataclass(frozen=True)
class SilentAfterLoad(b.SlowLoad):
    """Take so many seconds to load the model, then never say anything."""

    async def answer(self, reply):
        await b.Silent().answer(reply)


def paths(server):
    return [exchange.path for exchange in server.log]


def test_a_cold_model_is_asked_at_once(fake_ollama):
    ask(fake_ollama.host)
    assert paths(fake_ollama) == ["/api/ps", "/api/chat", "/api/ps"]


def test_a_loaded_model_is_asked_at_once(fake_ollama):
    fake_ollama.load("ok:1")
    ask(fake_ollama.host)
    assert paths(fake_ollama) == ["/api/ps", "/api/chat"]


def test_a_load_that_takes_long_is_watched_by_a_request_without_a_prompt(fake_ollama):
    ask(fake_ollama.host, "slow-load-0.5:1")
    assert paths(fake_ollama)[:3] == ["/api/ps", "/api/chat", "/api/generate"]
    [watch] = fake_ollama.requests("/api/generate")
    assert not watch.body.get("prompt")


def test_the_watch_is_given_up_when_the_answer_begins(fake_ollama):
    fake_ollama.script("/api/generate", [b.Silent()])
    assert ask(fake_ollama.host, "slow-load-0.5:1").content
    [watch] = fake_ollama.requests("/api/generate")
    assert fake_ollama.wait_until(lambda: watch.client_closed)


def test_a_loaded_model_that_is_silent_is_not_watched(fake_ollama):
    fake_ollama.load("silent:1")
    failure(fake_ollama.host, "silent:1", limits={"timeout_seconds": SOON})
    assert paths(fake_ollama) == ["/api/ps", "/api/chat"]


def test_a_name_without_a_tag_is_its_latest(fake_ollama):
    fake_ollama.load("ok:latest")
    ask(fake_ollama.host, "ok")
    assert paths(fake_ollama) == ["/api/ps", "/api/chat"]


def test_the_watch_sends_the_same_reload_options_as_the_request(fake_ollama):
    options = {"context_window": 2048, "num_gpu": 3, "temperature": 0.5}
    ask(fake_ollama.host, "slow-load-0.5:1", options=options)
    [watch], [chat] = fake_ollama.requests("/api/generate"), fake_ollama.requests("/api/chat")
    assert watch.body["options"] == {"num_ctx": 2048, "num_gpu": 3}
    assert chat.body["options"] == {"num_ctx": 2048, "num_gpu": 3, "temperature": 0.5}


def test_no_request_states_how_long_a_model_stays_loaded(fake_ollama):
    # A positive keep_alive would undo an eviction that another model waits for.
    ask(fake_ollama.host, "slow-load-0.5:1")
    for exchange in fake_ollama.log:
        assert "keep_alive" not in exchange.body
        assert "shift" not in exchange.body


def test_a_model_loaded_with_another_context_loads_again(fake_ollama):
    fake_ollama.load("slow-load-0.5:1")
    limits = {"timeout_seconds": SOON}
    ask(fake_ollama.host, "slow-load-0.5:1", options={"context_window": 512}, limits=limits)


def test_loading_does_not_spend_the_attempts_time(fake_ollama):
    limits = {"timeout_seconds": SOON, "first_token_timeout_seconds": SOON}
    assert ask(fake_ollama.host, "slow-load-0.6:1", limits=limits).content


def test_a_model_that_is_silent_after_its_load_is_slow_by_its_own_limits(fake_ollama):
    fake_ollama.script("m:1", [always(SilentAfterLoad(seconds=0.6))])
    began = time.monotonic()
    failed = failure(fake_ollama.host, "m:1", limits={"timeout_seconds": SOON})
    assert time.monotonic() - began >= 0.6 + SOON
    assert (failed.outcome, failed.cause) == (Outcome.SLOW, Cause.TIMEOUT)
    assert failed.load_ms >= 500


def test_a_first_token_is_due_from_the_end_of_the_load(fake_ollama):
    fake_ollama.script("m:1", [always(SilentAfterLoad(seconds=0.6))])
    limits = {"timeout_seconds": 60, "first_token_timeout_seconds": SOON}
    failed = failure(fake_ollama.host, "m:1", limits=limits)
    assert (failed.outcome, failed.cause) == (Outcome.SLOW, Cause.SLOW_START)


def test_a_load_that_takes_too_long_is_slow_and_is_given_up(fake_ollama):
    failed = failure(fake_ollama.host, "slow-load-60:1", limits={"load_timeout_seconds": SOON})
    assert (failed.outcome, failed.cause) == (Outcome.SLOW, Cause.LOAD_TIMEOUT)
    assert failed.load_ms >= 1000 * SOON - 20
    [chat], [watch] = fake_ollama.requests("/api/chat"), fake_ollama.requests("/api/generate")
    assert fake_ollama.wait_until(lambda: chat.client_closed and watch.client_closed)


def test_the_deadline_covers_loading(fake_ollama):
    deadline = datetime.now(UTC) + timedelta(seconds=SOON)
    failed = failure(fake_ollama.host, "slow-load-60:1", limits={"deadline": deadline})
    assert (failed.outcome, failed.cause) == (Outcome.SLOW, Cause.OUT_OF_TIME)


def test_the_deadline_covers_loading_and_answering_together(fake_ollama):
    fake_ollama.script("m:1", [always(SilentAfterLoad(seconds=0.3))])
    limits = {"deadline": time.monotonic() + 0.8, "timeout_seconds": 60}
    failed = failure(fake_ollama.host, "m:1", limits=limits)
    assert (failed.outcome, failed.cause) == (Outcome.SLOW, Cause.OUT_OF_TIME)
    assert len(fake_ollama.requests("/api/chat")) == 1


@pytest.mark.parametrize("model", ["missing:1", "load-fails:1"])
def test_a_load_that_fails_ends_the_attempt_by_the_requests_own_error(fake_ollama, model):
    assert failure(fake_ollama.host, model).outcome is Outcome.UNUSABLE
    assert paths(fake_ollama) == ["/api/ps", "/api/chat"]


@pytest.mark.parametrize(
    "behaviour",
    [
        b.Status(code=400, body="missing prompt"),
        b.Status(code=503),
        b.Missing(),
        b.Html(),
        b.Redirect(),
        b.Reset(),
        b.Status(code=200, raw=b"["),
    ],
    ids=str,
)
def test_where_a_load_cannot_be_watched_the_attempts_own_limits_hold(fake_ollama, behaviour):
    fake_ollama.script("/api/generate", [behaviour])
    failed = failure(fake_ollama.host, "slow-load-60:1", limits={"timeout_seconds": SOON})
    assert (failed.outcome, failed.cause) == (Outcome.SLOW, Cause.TIMEOUT)


def test_a_watch_that_never_returns_ends_at_the_load_limit(fake_ollama):
    fake_ollama.script("/api/generate", [b.Silent()])
    failed = failure(fake_ollama.host, "silent:1", limits={"load_timeout_seconds": SOON})
    assert failed.cause is Cause.LOAD_TIMEOUT


def test_concurrent_attempts_share_one_watch(fake_ollama):
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: ask(fake_ollama.host, "slow-load-1:1"), range(10)))
    assert len(answers) == 10
    assert len(fake_ollama.requests("/api/generate")) == 1


def test_each_attempt_that_waits_for_a_load_has_a_failure_of_its_own(fake_ollama):
    limits = {"load_timeout_seconds": SOON}
    with ThreadPoolExecutor(5) as threads:
        works = [
            threads.submit(ask, fake_ollama.host, "slow-load-60:1", limits=limits) for _ in range(5)
        ]
        failed = [work.exception() for work in works]
    assert {type(error) for error in failed} == {AttemptFailed}
    assert {error.cause for error in failed} == {Cause.LOAD_TIMEOUT}
    assert len({id(error) for error in failed}) == 5


def test_a_watch_goes_on_while_another_attempt_waits_for_it(fake_ollama):
    leaver = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(ask, fake_ollama.host, "slow-load-0.8:1", cancelled=leaver)
        assert fake_ollama.wait_until(lambda: fake_ollama.requests("/api/generate"))
        second = threads.submit(ask, fake_ollama.host, "slow-load-0.8:1")
        time.sleep(0.2)
        leaver.set()
        assert first.exception().cause is Cause.CANCELLED
        assert second.result().content
    assert len(fake_ollama.requests("/api/generate")) == 1


def test_two_hosts_are_watched_each(fake_ollama):
    with FakeOllama() as other, ThreadPoolExecutor(2) as threads:
        hosts = [fake_ollama.host, other.host]
        assert all(threads.map(lambda host: ask(host, "slow-load-0.5:1"), hosts))
        assert len(other.requests("/api/generate")) == 1


@pytest.mark.parametrize(
    "behaviour",
    [b.Status(code=500), b.Missing(), b.Html(), b.Reset(), b.Garbage(), b.Redirect(), b.Silent()],
    ids=str,
)
def test_a_host_that_does_not_tell_what_is_loaded_is_asked_at_once(fake_ollama, behaviour):
    fake_ollama.script("/api/ps", [behaviour])
    assert ask(fake_ollama.host).content
    assert paths(fake_ollama) == ["/api/ps", "/api/chat"]


def test_a_host_that_is_away_is_noticed_before_anything_is_asked():
    failed = failure(f"http://127.0.0.1:{free_port()}", limits={"load_timeout_seconds": 60})
    assert failed.outcome is Outcome.HOST
