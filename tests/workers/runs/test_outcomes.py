"""A failed attempt carries what is stored of it."""

import copy
import pickle

import pytest

from workers.runs.outcomes import AttemptFailed, Cause, Outcome, one_line


def test_the_outcomes_are_a_closed_set():
    assert [str(outcome) for outcome in Outcome] == [
        "succeeded",
        "host",
        "transient",
        "slow",
        "unusable",
        "rejected",
        "skipped",
        "final",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n b\t\x00c", "a b c"),
        ("a\ud800b\u2028c", "a b c"),
        ("é 日本", "é 日本"),
        ("", ""),
    ],
)
def test_a_reason_is_one_line_that_can_be_stored(text, line):
    assert AttemptFailed(Outcome.HOST, text).reason == line


def test_a_long_reason_is_cut():
    assert one_line("word " * 1_000, limit=8) == "word wo…"


def through_a_pickle(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301  (our own bytes)


@pytest.mark.parametrize("copied", [copy.copy, through_a_pickle])
def test_a_copy_tells_the_same(copied):
    failed = AttemptFailed(Outcome.SLOW, "late", Cause.TIMEOUT, first_token_ms=7)
    twin = copied(failed)
    assert (twin.outcome, twin.reason, twin.cause, twin.first_token_ms) == (
        Outcome.SLOW,
        "late",
        Cause.TIMEOUT,
        7,
    )


def test_it_reads_as_outcome_and_reason():
    assert str(AttemptFailed(Outcome.REJECTED, "no")) == "rejected: no"
