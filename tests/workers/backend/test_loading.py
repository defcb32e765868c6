"""A cold model is loaded first, once for all who wait, on a clock of its own."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.workers.backend.asking import SOON, ask, failure, free_port
from workers.outcomes import AttemptFailed, Cause, Outcome
from workers.testing import behaviours as b
from workers.testing.fake_ollama import FakeOllama


def paths(server):
    return [exchange.path for exchange in server.log]


def test_a_cold_model_is_loaded_before_it_is_asked(fake_ollama):
    ask(fake_ollama.host)
    assert paths(fake_ollama) == ["/api/ps", "/api/generate", "/api/ps", "/api/chat"]
    [load] = fake_ollama.requests("/api/generate")
    assert not load.body.get("prompt")


def test_a_loaded_model_is_asked_at_once(fake_ollama):
    fake_ollama.load("ok:1")
    assert ask(fake_ollama.host).load_ms == 0
    assert paths(fake_ollama) == ["/api/ps", "/api/chat"]


def test_a_name_without_a_tag_is_its_latest(fake_ollama):
    fake_ollama.load("ok:latest")
    ask(fake_ollama.host, "ok")
    assert "/api/generate" not in paths(fake_ollama)


def test_loading_and_asking_send_the_same_reload_options_and_keep_alive(fake_ollama):
    options = {"context_window": 2048, "num_gpu": 3, "temperature": 0.5}
    ask(fake_ollama.host, options=options, keep_alive="10m")
    [load], [chat] = fake_ollama.requests("/api/generate"), fake_ollama.requests("/api/chat")
    assert load.body["options"] == {"num_ctx": 2048, "num_gpu": 3}
    assert chat.body["options"] == {"num_ctx": 2048, "num_gpu": 3, "temperature": 0.5}
    assert load.body["keep_alive"] == chat.body["keep_alive"] == "10m"


def test_a_model_loaded_with_another_context_is_loaded_again_first(fake_ollama):
    fake_ollama.load("ok:1")
    ask(fake_ollama.host, options={"context_window": 512})
    assert len(fake_ollama.requests("/api/generate")) == 1


def test_loading_does_not_spend_the_attempts_time(fake_ollama):
    generation = ask(fake_ollama.host, "slow-load-0.6:1", limits={"timeout_seconds": 0.5})
    assert generation.load_ms >= 600
    assert generation.duration_ms <= 500
    assert generation.first_token_ms <= generation.duration_ms


def test_a_load_that_takes_too_long_is_slow_and_is_given_up(fake_ollama):
    failed = failure(fake_ollama.host, "slow-load-60:1", limits={"load_timeout_seconds": SOON})
    assert (failed.outcome, failed.cause) == (Outcome.SLOW, Cause.LOAD_TIMEOUT)
    [load] = fake_ollama.requests("/api/generate")
    assert fake_ollama.wait_until(lambda: load.client_closed)
    assert not fake_ollama.requests("/api/chat")


def test_the_deadline_covers_loading(fake_ollama):
    deadline = datetime.now(UTC) + timedelta(seconds=SOON)
    failed = failure(fake_ollama.host, "slow-load-60:1", limits={"deadline": deadline})
    assert (failed.outcome, failed.cause) == (Outcome.SLOW, Cause.OUT_OF_TIME)


def test_the_deadline_covers_loading_and_answering_together(fake_ollama):
    fake_ollama.script("/api/generate", [b.SlowFirstToken(seconds=0.3)])
    limits = {"deadline": time.monotonic() + 0.8, "timeout_seconds": 60}
    failed = failure(fake_ollama.host, "silent:1", limits=limits)
    assert (failed.outcome, failed.cause) == (Outcome.SLOW, Cause.OUT_OF_TIME)
    assert len(fake_ollama.requests("/api/chat")) == 1


@pytest.mark.parametrize(
    ("model", "outcome"),
    [("missing:1", Outcome.UNUSABLE), ("load-fails:1", Outcome.UNUSABLE)],
)
def test_a_load_that_fails_is_classified_as_any_answer(fake_ollama, model, outcome):
    assert failure(fake_ollama.host, model).outcome is outcome
    assert not fake_ollama.requests("/api/chat")


@pytest.mark.parametrize(
    "behaviour",
    [
        b.Status(code=400, body="missing prompt"),
        b.Html(),
        b.Redirect(),
        b.Status(code=200, raw=b"["),
    ],
    ids=str,
)
def test_a_server_that_does_not_load_on_request_is_asked_all_the_same(fake_ollama, behaviour):
    fake_ollama.script("/api/generate", [behaviour])
    assert ask(fake_ollama.host).content


def test_many_who_need_a_cold_model_cause_one_load(fake_ollama):
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: ask(fake_ollama.host, "slow-load-0.3:1"), range(10)))
    assert len(answers) == 10
    assert len(fake_ollama.requests("/api/generate")) == 1


def test_those_who_wait_for_one_load_share_its_failure(fake_ollama):
    fake_ollama.script("/api/generate", [b.SlowFirstToken(seconds=60)])
    limits = {"load_timeout_seconds": SOON}
    with ThreadPoolExecutor(5) as threads:
        failed = [
            work.exception()
            for work in [
                threads.submit(ask, fake_ollama.host, "m:1", limits=limits) for _ in range(5)
            ]
        ]
    assert {type(error) for error in failed} == {AttemptFailed}
    assert {error.cause for error in failed} == {Cause.LOAD_TIMEOUT}
    assert len({id(error) for error in failed}) == 5


def test_a_load_goes_on_while_somebody_waits_for_it(fake_ollama):
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


def test_two_hosts_load_the_same_model_each(fake_ollama):
    with FakeOllama() as other:
        ask(fake_ollama.host)
        ask(other.host)
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
