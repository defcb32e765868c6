"""What the breaker counts: the server's own failures, never what one run's limits caused."""

import pytest

from workers.backends.ollama.classify import TABLE
from workers.gates.verdicts import ANSWERED, FAILED, RAN_OUT, SystemLimits, Verdict, verdict_of
from workers.runs.outcomes import Cause, Outcome

SYSTEM = SystemLimits(timeout_seconds=60)
PATIENT = SystemLimits(timeout_seconds=60, first_token_timeout_seconds=10)


def verdict(cause, *, silent=0.0, lasted=0.0, limits=SYSTEM):
    return verdict_of(cause, lambda: limits, silent_seconds=silent, lasted_seconds=lasted)


@pytest.mark.parametrize("cause", sorted(FAILED))
def test_a_failure_of_the_server_counts_however_soon_it_came(cause):
    assert verdict(cause) is Verdict.FAILED


@pytest.mark.parametrize("cause", sorted(ANSWERED))
def test_a_complete_answer_of_no_use_shows_that_the_server_works(cause):
    assert verdict(cause) is Verdict.ANSWERED


@pytest.mark.parametrize("cause", [*sorted(set(Cause) - FAILED - ANSWERED - RAN_OUT), None])
def test_everything_else_is_no_verdict(cause):
    assert verdict(cause, silent=1e6, lasted=1e6) is Verdict.NONE


def test_no_outcome_but_transient_and_slow_counts():
    assert {TABLE[cause][0] for cause in FAILED | RAN_OUT} == {Outcome.TRANSIENT, Outcome.SLOW}


@pytest.mark.parametrize(
    ("silent", "lasted", "limits", "expected"),
    [
        # the run's own limit of a second, or what was left of its deadline
        (1, 1, SYSTEM, Verdict.NONE),
        (59, 59, SYSTEM, Verdict.NONE),
        # the system's limit, or a longer one of the run's own
        (60, 60, SYSTEM, Verdict.FAILED),
        (300, 300, SYSTEM, Verdict.FAILED),
        # it wrote all the time, or for most of it
        (0.1, 300, SYSTEM, Verdict.NONE),
        (25, 60, SYSTEM, Verdict.NONE),
        # it began, and stalled
        (55, 60, SYSTEM, Verdict.FAILED),
        # the system states how long it waits for a token
        (1, 1, PATIENT, Verdict.NONE),
        (10, 10, PATIENT, Verdict.FAILED),
        (10, 30, PATIENT, Verdict.FAILED),
        (2, 60, PATIENT, Verdict.NONE),
    ],
)
@pytest.mark.parametrize("cause", sorted(RAN_OUT))
def test_silence_counts_beyond_the_systems_limits_alone(cause, silent, lasted, limits, expected):
    assert verdict(cause, silent=silent, lasted=lasted, limits=limits) is expected


@pytest.mark.parametrize("cause", sorted(RAN_OUT))
def test_what_ran_out_while_the_model_was_loading_is_no_verdict(cause):
    assert verdict(cause, silent=None, lasted=1e6) is Verdict.NONE
