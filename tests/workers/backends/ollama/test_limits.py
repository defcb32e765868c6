"""Limits hold on the wall clock whatever the server does, and the server sees us leave."""

import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from tests.workers.backends.ollama.asking import HANGS, SOON, ask, failure
from tests.workers.backends.ollama.cases import LATE, SLOW
from tests.workers.backends.ollama.ports import deaf_port
from workers.backends.ollama import transport
from workers.runs.outcomes import Cause, Outcome
from workers.testing import behaviours as b
from workers.testing.script import always


@pytest.fixture
def server(fake_ollama):
    """A host that has the model loaded, so that nothing else is on the clock."""
    fake_ollama.load("m:1")
    return fake_ollama


def closed_by_us(server):
    """Whether the fake saw the client leave the one generation that it was asked for."""
    [generation] = server.requests("/api/chat")
    return server.wait_until(lambda: generation.ended_at) and generation.client_closed


@pytest.mark.parametrize("case", SLOW, ids=str)
def test_whatever_makes_us_wait_we_wait_as_long_as_said_and_leave(server, case):
    began = time.monotonic()
    failed = case.play(server)
    assert time.monotonic() - began >= SOON
    assert (failed.outcome, failed.cause) == (Outcome.SLOW, case.cause)
    for exchange in server.requests("/api/chat"):
        assert server.wait_until(lambda exchange=exchange: exchange.ended_at)
        assert exchange.client_closed


@pytest.mark.parametrize("code", [503, 404])
def test_a_status_is_known_before_its_body_has_come(server, code, monkeypatch):
    monkeypatch.setattr(transport, "EXPLANATION_SECONDS", SOON)
    server.script("m:1", [b.HangingError(code=code)])
    began = time.monotonic()
    failed = failure(server.host, "m:1", limits={"timeout_seconds": LATE})
    assert failed.outcome is not Outcome.SLOW
    assert f"HTTP {code}" in failed.reason
    assert time.monotonic() - began < HANGS


def test_a_status_counts_though_the_time_is_up_before_its_body_has_come(server):
    server.script("m:1", [b.HangingError(code=503)])
    failed = failure(server.host, "m:1", limits={"timeout_seconds": SOON})
    assert (failed.outcome, failed.cause) == (Outcome.TRANSIENT, Cause.SERVER_ERROR)


def test_a_host_that_took_a_connection_is_slow_and_not_away(server):
    server.script("*", [always(b.Silent())])
    failed = failure(server.host, "m:1", limits={"timeout_seconds": SOON})
    assert (failed.outcome, failed.cause) == (Outcome.SLOW, Cause.TIMEOUT)


def test_a_handshake_that_hangs_ends_in_time_and_leaves_no_connection():
    with deaf_port() as (deaf, port):
        failed = failure(f"https://127.0.0.1:{port}", limits={"timeout_seconds": SOON})
        assert (failed.outcome, failed.cause) == (Outcome.HOST, Cause.CONNECT_TIMEOUT)
        for plug in accepted(deaf):
            assert ends(plug)


def test_a_handshake_has_the_connections_own_limit(monkeypatch):
    monkeypatch.setattr(transport, "CONNECT_SECONDS", SOON)
    with deaf_port() as (_deaf, port):
        failed = failure(f"https://127.0.0.1:{port}", limits={"timeout_seconds": LATE})
    assert (failed.outcome, failed.cause) == (Outcome.HOST, Cause.CONNECT_TIMEOUT)


def test_a_name_server_that_hangs_has_the_connections_own_limit(monkeypatch):
    monkeypatch.setattr(transport, "CONNECT_SECONDS", SOON)
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(LATE))
    try:
        failed = failure("http://a-name:1", limits={"timeout_seconds": LATE})
    finally:
        over.set()
    assert (failed.outcome, failed.cause) == (Outcome.HOST, Cause.CONNECT_TIMEOUT)


def accepted(listener):
    """The connections that wait at a listener."""
    listener.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            yield listener.accept()[0]


def ends(plug):
    """Whether the other side closes a connection, which is closed here too."""
    with plug:
        plug.settimeout(HANGS)
        while plug.recv(2**16):
            pass
        return True


def test_tokens_that_keep_coming_are_no_stall(server):
    server.script("m:1", [b.Ok(text="drop " * 6, chunks=6, delay=0.1)])
    generation = ask(server.host, "m:1", limits={"first_token_timeout_seconds": 0.4})
    assert generation.content == "drop " * 6


@pytest.mark.parametrize(
    ("behaviour", "least", "most"),
    [(b.Silent(), 200, 400), (b.StallAfter(tokens=2), 200, 400), (b.NeverEnding(), 0, 100)],
    ids=str,
)
def test_a_failure_says_how_long_the_server_was_silent(server, behaviour, least, most):
    server.script("m:1", [behaviour])
    failed = failure(server.host, "m:1", limits={"timeout_seconds": SOON})
    assert least <= failed.silent_ms <= most


def test_a_load_is_no_silence(server):
    failed = failure(server.host, "slow-load-60:1", limits={"load_timeout_seconds": SOON})
    assert failed.silent_ms is None


def test_thinking_counts_as_a_token(server):
    server.script("m:1", [b.ThinkingOnly()])
    failed = failure(server.host, "m:1", limits={"first_token_timeout_seconds": SOON})
    assert failed.cause is Cause.ONLY_THINKING


def test_a_stall_tells_when_the_first_token_came(server):
    server.script("m:1", [b.StallAfter(tokens=2)])
    failed = failure(server.host, "m:1", limits={"timeout_seconds": SOON})
    assert 0 <= failed.first_token_ms <= 1000 * SOON
    assert failed.completion_tokens is None


def test_silence_tells_no_first_token(server):
    failed = failure(server.host, "silent:1", limits={"timeout_seconds": SOON})
    assert failed.first_token_ms is None


@pytest.mark.parametrize("clock", ["utc", "monotonic"])
def test_the_deadline_ends_an_attempt_that_has_more_time_of_its_own(server, clock):
    now = datetime.now(UTC) if clock == "utc" else time.monotonic()
    deadline = now + (timedelta(seconds=SOON) if clock == "utc" else SOON)
    server.script("m:1", [b.NeverEnding()])
    failed = failure(server.host, "m:1", limits={"timeout_seconds": LATE, "deadline": deadline})
    assert (failed.outcome, failed.cause) == (Outcome.SLOW, Cause.OUT_OF_TIME)
    assert closed_by_us(server)


def test_after_the_deadline_ollama_is_not_called(server):
    deadline = datetime.now(UTC) - timedelta(seconds=1)
    failed = failure(server.host, "m:1", limits={"deadline": deadline})
    assert (failed.outcome, failed.cause) == (Outcome.FINAL, Cause.DEADLINE_PASSED)
    assert server.log == ()


def test_a_complete_answer_counts_though_its_response_never_ends(server):
    server.script("m:1", [b.HangAfterDone()])
    assert ask(server.host, "m:1").content == "word word word "
    assert closed_by_us(server)


def test_a_host_that_is_silent_from_the_first_byte_costs_one_timeout(server):
    server.script("/api/ps", [b.Silent()])
    server.script("m:1", [b.Silent()])
    began = time.monotonic()
    failure(server.host, "m:1", limits={"timeout_seconds": 2.5})
    assert 2.5 <= time.monotonic() - began < HANGS


@pytest.mark.parametrize(("read", "fits"), [(99, True), (100, False), (101, False)])
def test_a_prompt_that_was_read_up_to_the_stated_context_was_cut(server, read, fits):
    server.script("m:1", [b.Ok(prompt_tokens=read)])
    options = {"context_window": 100}
    if fits:
        assert ask(server.host, "m:1", options=options).prompt_tokens == read
    else:
        failed = failure(server.host, "m:1", options=options)
        assert (failed.cause, failed.prompt_tokens) == (Cause.CONTEXT_OVERFLOW, read)


@pytest.mark.parametrize(("read", "fits"), [(4095, True), (4096, False), (4097, True)])
def test_without_a_stated_context_the_loaded_ones_counts_when_it_is_met_exactly(server, read, fits):
    server.script("m:1", [b.Ok(prompt_tokens=read)])
    if fits:
        assert ask(server.host, "m:1").prompt_tokens == read
    else:
        assert failure(server.host, "m:1").cause is Cause.CONTEXT_OVERFLOW
