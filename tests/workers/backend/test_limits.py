"""Limits hold on the wall clock whatever the server does, and the server sees us leave."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.workers.backend.asking import HANGS, SOON, ask, failure
from workers.outcomes import Cause, Outcome
from workers.testing import behaviours as b

#: More than any limit here, less than a hang.
LATE = 60.0

WAYS_TO_WAIT = [
    b.Silent(),
    b.SilentAfterHead(),
    b.SlowHead(seconds=0.02),
    b.SlowFirstToken(seconds=LATE),
    b.Trickle(seconds=0.1),
    b.NeverEnding(),
    b.Heartbeat(),
    b.StallAfter(tokens=2),
]


@pytest.fixture
def server(fake_ollama):
    """A host that has the model loaded, so that nothing else is on the clock."""
    fake_ollama.load("m:1")
    return fake_ollama


def closed_by_us(server):
    """Whether the fake saw the client leave the one generation that it was asked for."""
    [generation] = server.requests("/api/chat")
    return server.wait_until(lambda: generation.ended_at) and generation.client_closed


@pytest.mark.parametrize("behaviour", WAYS_TO_WAIT, ids=str)
def test_the_attempt_timeout_ends_any_way_to_wait(server, behaviour):
    server.script("m:1", [behaviour])
    began = time.monotonic()
    failed = failure(server.host, "m:1", limits={"timeout_seconds": SOON})
    assert time.monotonic() - began >= SOON
    assert (failed.outcome, failed.cause) == (Outcome.SLOW, Cause.TIMEOUT)
    assert closed_by_us(server)


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [
        (b.Silent(), Cause.SLOW_START),
        (b.SlowHead(seconds=0.02), Cause.SLOW_START),
        (b.SlowFirstToken(seconds=LATE), Cause.SLOW_START),
        (b.Heartbeat(), Cause.SLOW_START),
        (b.Trickle(seconds=LATE), Cause.SLOW_START),
        (b.StallAfter(tokens=2), Cause.STALLED),
    ],
    ids=str,
)
def test_the_first_token_limit_also_bounds_a_stall(server, behaviour, cause):
    server.script("m:1", [behaviour])
    limits = {"timeout_seconds": LATE, "first_token_timeout_seconds": SOON}
    failed = failure(server.host, "m:1", limits=limits)
    assert (failed.outcome, failed.cause) == (Outcome.SLOW, cause)
    assert closed_by_us(server)


def test_tokens_that_keep_coming_are_no_stall(server):
    server.script("m:1", [b.Ok(text="drop " * 6, chunks=6, delay=0.1)])
    generation = ask(server.host, "m:1", limits={"first_token_timeout_seconds": 0.4})
    assert generation.content == "drop " * 6


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


def test_a_prompt_that_cannot_fit_is_not_sent(server):
    failed = failure(server.host, "m:1", prompt="x" * 301, options={"context_window": 100})
    assert (failed.outcome, failed.cause) == (Outcome.UNUSABLE, Cause.CONTEXT_OVERFLOW)
    assert server.log == ()


def test_the_system_prompt_is_part_of_the_estimate(server):
    details = {"system": "x" * 150, "prompt": "y" * 151, "options": {"context_window": 100}}
    assert failure(server.host, "m:1", **details).cause is Cause.CONTEXT_OVERFLOW


def test_a_prompt_that_just_fits_is_sent(server):
    assert ask(server.host, "m:1", prompt="x" * 300, options={"context_window": 100})


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
