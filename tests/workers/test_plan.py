"""The plan: every class of outcome leads where the design says, and time is divided fairly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmconfig.types import ResolvedConfig
from workers.outcomes import Outcome
from workers.plan import Park, Past, RetryLater, Stop, Try, first_step, next_step

PRIMARY, FALLBACK = "big:7b", "small:1b"


def config(**fields):
    return ResolvedConfig.from_wire(
        {
            "model": PRIMARY,
            "fallback_model": FALLBACK,
            "timeout_seconds": 60,
            "max_retries": 2,
            "deadline_seconds": 600,
            **fields,
        }
    )


def after(*outcomes, model=PRIMARY, remaining=600.0, draw=lambda limit: limit, **fields):
    past = [Past(model=model, outcome=outcome) for outcome in outcomes]
    return next_step(config(**fields), past, remaining, draw=draw)


def test_a_run_begins_with_its_primary_model():
    assert next_step(config(), [], 600, draw=lambda limit: limit) == Try(
        model=PRIMARY, is_fallback=False, timeout_seconds=60, budget_seconds=540
    )


@pytest.mark.parametrize("outcome", [Outcome.SLOW, Outcome.UNUSABLE, Outcome.SKIPPED])
def test_slow_unusable_and_skipped_go_to_the_fallback_at_once(outcome):
    step = after(outcome)
    assert isinstance(step, Try)
    assert (step.model, step.is_fallback) == (FALLBACK, True)


def test_transient_is_tried_again_with_doubling_back_off():
    assert after(Outcome.TRANSIENT) == RetryLater(model=PRIMARY, delay_seconds=1)
    assert after(Outcome.TRANSIENT, Outcome.TRANSIENT) == RetryLater(model=PRIMARY, delay_seconds=2)


def test_the_back_off_is_capped_at_thirty_seconds():
    step = after(*[Outcome.TRANSIENT] * 9, max_retries=10)
    assert step == RetryLater(model=PRIMARY, delay_seconds=30)


def test_the_fallback_takes_over_when_the_retries_are_used_up():
    step = after(*[Outcome.TRANSIENT] * 3)
    assert isinstance(step, Try)
    assert step.model == FALLBACK


def test_zero_retries_means_one_attempt():
    step = after(Outcome.TRANSIENT, max_retries=0)
    assert isinstance(step, Try)
    assert step.model == FALLBACK


def test_the_fallback_has_the_same_retries():
    past = [Past(model=PRIMARY, outcome=Outcome.UNUSABLE)]
    for delay in (1, 2):
        past.append(Past(model=FALLBACK, outcome=Outcome.TRANSIENT))
        step = next_step(config(), past, 600, draw=lambda limit: limit)
        assert step == RetryLater(model=FALLBACK, delay_seconds=delay)
    past.append(Past(model=FALLBACK, outcome=Outcome.TRANSIENT))
    step = next_step(config(), past, 600, draw=lambda limit: limit)
    assert step == Stop(code="all_attempts_failed")


def test_slow_without_a_fallback_is_tried_again():
    assert isinstance(after(Outcome.SLOW, fallback_model=""), RetryLater)


def test_unusable_without_a_fallback_ends_the_run():
    assert after(Outcome.UNUSABLE, fallback_model="") == Stop(code="all_attempts_failed")


def test_rejected_ends_the_run_without_the_fallback():
    assert after(Outcome.REJECTED) == Stop(code="rejected")


def test_an_unreachable_host_parks_the_run_and_uses_no_retry():
    assert after(*[Outcome.HOST] * 20) == Park()


def test_a_passed_deadline_ends_the_run():
    assert after(Outcome.TRANSIENT, remaining=0) == Stop(code="deadline_exceeded")


def test_a_wait_that_does_not_fit_the_deadline_goes_to_the_fallback():
    past = [Past(model=PRIMARY, outcome=Outcome.TRANSIENT, retry_after_seconds=100)]
    step = next_step(config(), past, 120, draw=lambda limit: limit)
    assert isinstance(step, Try)
    assert step.model == FALLBACK


def test_retry_after_is_honoured_over_the_back_off():
    past = [Past(model=PRIMARY, outcome=Outcome.TRANSIENT, retry_after_seconds=20)]
    assert next_step(config(), past, 600, draw=lambda limit: limit) == RetryLater(
        model=PRIMARY, delay_seconds=20
    )


def test_a_delivery_after_a_back_off_tries_the_same_model_at_once():
    past = [Past(model=PRIMARY, outcome=Outcome.TRANSIENT)]
    step = first_step(config(), past, 600)
    assert isinstance(step, Try)
    assert step.model == PRIMARY


def test_a_delivery_after_parking_tries_the_same_model():
    past = [
        Past(model=PRIMARY, outcome=Outcome.UNUSABLE),
        Past(model=FALLBACK, outcome=Outcome.HOST),
    ]
    step = first_step(config(), past, 600)
    assert isinstance(step, Try)
    assert step.model == FALLBACK


@given(
    remaining=st.floats(min_value=0.001, max_value=86_400),
    timeout=st.integers(min_value=1, max_value=300),
)
def test_an_attempt_on_the_primary_leaves_the_fallback_its_reserve(remaining, timeout):
    step = next_step(config(timeout_seconds=timeout), [], remaining, draw=lambda limit: limit)
    assert isinstance(step, Try)
    assert step.timeout_seconds <= timeout
    assert step.budget_seconds <= remaining - min(timeout, remaining / 2) + 1e-9


@given(
    outcomes=st.lists(
        st.sampled_from([o for o in Outcome if o not in {Outcome.HOST, Outcome.SUCCEEDED}])
    ),
    retries=st.integers(min_value=0, max_value=10),
    has_fallback=st.booleans(),
)
def test_a_run_ends_within_its_retries_whatever_happens(outcomes, retries, has_fallback):
    setting = config(max_retries=retries, fallback_model=FALLBACK if has_fallback else "")
    past: list[Past] = []
    outcomes = iter(outcomes)
    while True:
        step = first_step(setting, past, 600)
        if not isinstance(step, Try):
            break
        past.append(Past(model=step.model, outcome=next(outcomes, Outcome.TRANSIENT)))
    assert len(past) <= 2 * (retries + 1)
    assert [p.model for p in past] == sorted((p.model for p in past), key=[PRIMARY, FALLBACK].index)
