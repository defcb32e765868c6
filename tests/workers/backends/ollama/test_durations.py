"""The server's durations are believed as far as they can be right."""

import json

import ollama
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.backends.ollama.asking import ask, failure
from workers.backends.ollama.durations import Durations, durations_of
from workers.testing import behaviours as b

SECOND = 10**9
#: The server's report of an answer that took ten seconds, the first token after seven.
REPORT = {
    "total_duration": 9 * SECOND,
    "load_duration": 4 * SECOND,
    "prompt_eval_duration": 1 * SECOND,
    "eval_duration": 2 * SECOND,
}
KEYS = sorted(REPORT)


def read(**report):
    chunk = ollama.ChatResponse(message={"role": "assistant"}, done=True, **{**REPORT, **report})
    return durations_of(chunk, elapsed=10.0, to_first_token=7.0)


def test_what_is_neither_load_nor_prompt_nor_generation_was_spent_in_the_servers_queue():
    assert read() == Durations(load=4.0, queue=2.0)


@pytest.mark.parametrize(
    ("report", "durations"),
    [
        ({"total_duration": None}, Durations()),
        ({"total_duration": 0}, Durations()),
        ({"total_duration": -1}, Durations()),
        ({"total_duration": 11 * SECOND}, Durations()),
        ({"load_duration": None}, Durations()),
        ({"load_duration": -1}, Durations()),
        ({"load_duration": 8 * SECOND}, Durations()),
        ({"prompt_eval_duration": None}, Durations(load=4.0)),
        ({"prompt_eval_duration": -5}, Durations(load=4.0)),
        ({"eval_duration": 10**30}, Durations(load=4.0)),
        # Of what the server measures apart, some may overlap.
        ({"eval_duration": 5 * SECOND}, Durations(load=4.0, queue=0.0)),
        # Its stopwatch may be a moment ahead of ours.
        ({"total_duration": int(10.04 * SECOND)}, Durations(load=4.0, queue=3.0)),
    ],
    ids=str,
)
def test_what_is_missing_or_cannot_be_right_is_not_known(report, durations):
    assert read(**report) == durations


@given(st.fixed_dictionaries({key: st.none() | st.integers() for key in KEYS}))
def test_any_report_leads_to_seconds_that_can_be_right(report):
    durations = read(**report)
    assert durations.load is None or 0 <= durations.load <= 7
    assert durations.queue is None or 0 <= durations.queue <= 10


def said(text, **facts):
    line = {"message": {"role": "assistant", "content": text}, "done": False, **facts}
    return json.dumps(line).encode() + b"\n"


@pytest.mark.parametrize("nonsense", [None, -(10**12), 10**30, 0])
def test_an_answers_times_are_right_whatever_its_server_reports(fake_ollama, nonsense):
    report = dict.fromkeys(KEYS, nonsense)
    fake_ollama.script("m:1", [b.Status(code=200, raw=said("a") + said("", done=True, **report))])
    answer = ask(fake_ollama.host, "m:1")
    assert answer.queue_ms is None
    assert 0 <= answer.load_ms < 1000
    assert 0 <= answer.first_token_ms <= answer.duration_ms < 1000


def test_a_failed_answer_has_its_times_too(fake_ollama):
    fake_ollama.load("m:1")
    fake_ollama.script("m:1", [b.Empty()])
    failed = failure(fake_ollama.host, "m:1")
    assert (failed.load_ms, failed.queue_ms) == (1, 0)


def test_an_attempt_that_never_asked_has_no_times():
    failed = failure("http://127.0.0.1:9")
    assert (failed.load_ms, failed.queue_ms, failed.first_token_ms) == (None, None, None)
