"""The plan: every class of outcome leads where the design says, and time is divided fairly."""

import pytest

from llmconfig.values.types import ResolvedConfig
from workers.execution.plan import Park, Past, RetryLater, Stop, Try, View, first_step, next_step
from workers.runs.obstacles import Kind, Obstacle
from workers.runs.outcomes import Cause, Outcome

PRIMARY, FALLBACK = "big:7b", "small:1b"
HOST = "http://gpu:11434"


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


def view(remaining=600.0, **fields):
    return View(remaining_seconds=remaining, host=HOST, **fields)


def follow(past, seen=None, draw=lambda limit: limit, **fields):
    return next_step(config(**fields), past, seen or view(), draw=draw)


def after(*outcomes, model=PRIMARY, seen=None, **fields):
    return follow([Past(model=model, outcome=outcome) for outcome in outcomes], seen, **fields)


def begin(past=(), seen=None, **fields):
    return first_step(config(**fields), past, seen or view())


def not_allowed(model):
    return Stop(code="model_not_allowed", model=model)


def tried(step):
    assert isinstance(step, Try), step
    return step.model


def test_a_run_begins_with_its_primary_model():
    assert begin() == Try(model=PRIMARY, is_fallback=False, timeout_seconds=60, budget_seconds=540)


@pytest.mark.parametrize("outcome", [Outcome.SLOW, Outcome.UNUSABLE])
def test_slow_and_unusable_go_to_the_fallback_at_once(outcome):
    step = after(outcome)
    assert tried(step) == FALLBACK
    assert step.is_fallback


def test_transient_is_tried_again_with_doubling_back_off():
    assert after(Outcome.TRANSIENT) == RetryLater(model=PRIMARY, delay_seconds=1)
    assert after(Outcome.TRANSIENT, Outcome.TRANSIENT) == RetryLater(model=PRIMARY, delay_seconds=2)


def test_the_back_off_is_capped_at_thirty_seconds():
    step = after(*[Outcome.TRANSIENT] * 9, max_retries=10)
    assert step == RetryLater(model=PRIMARY, delay_seconds=30)


def test_the_fallback_takes_over_when_the_retries_are_used_up():
    assert tried(after(*[Outcome.TRANSIENT] * 3)) == FALLBACK


def test_zero_retries_means_one_attempt():
    assert tried(after(Outcome.TRANSIENT, max_retries=0)) == FALLBACK


def test_the_fallback_has_the_same_retries():
    past = [Past(model=PRIMARY, outcome=Outcome.UNUSABLE)]
    for delay in (1, 2):
        past.append(Past(model=FALLBACK, outcome=Outcome.TRANSIENT))
        assert follow(past) == RetryLater(model=FALLBACK, delay_seconds=delay)
    past.append(Past(model=FALLBACK, outcome=Outcome.TRANSIENT))
    assert follow(past) == Stop(code="all_attempts_failed")


def test_slow_without_a_fallback_is_tried_again():
    assert isinstance(after(Outcome.SLOW, fallback_model=""), RetryLater)


def test_a_fallback_that_is_the_primary_by_another_name_is_none():
    past = [Past(model="qwen3", outcome=Outcome.SLOW)]
    step = follow(past, model="qwen3", fallback_model="qwen3:latest")
    assert isinstance(step, RetryLater)


def test_unusable_without_a_fallback_ends_the_run():
    assert after(Outcome.UNUSABLE, fallback_model="") == Stop(code="all_attempts_failed")


def test_rejected_ends_the_run_without_the_fallback():
    assert after(Outcome.REJECTED) == Stop(code="rejected")
    assert begin([Past(model=PRIMARY, outcome=Outcome.REJECTED)]) == Stop(code="rejected")


def test_an_unreachable_host_parks_the_run_and_uses_no_retry():
    assert after(*[Outcome.HOST] * 20) == Park(obstacle=Obstacle(Kind.HOST, (HOST,)))


def test_a_host_that_is_known_to_be_down_parks_the_run_before_it_is_asked():
    assert begin(seen=view(host_is_down=True)).obstacle == Obstacle(Kind.HOST, (HOST,))


def test_a_passed_deadline_ends_the_run():
    assert after(Outcome.TRANSIENT, seen=view(0)) == Stop(code="deadline_exceeded")


def test_a_wait_that_does_not_fit_the_deadline_goes_to_the_fallback():
    past = [Past(model=PRIMARY, outcome=Outcome.TRANSIENT, retry_after_seconds=100)]
    assert tried(follow(past, view(120))) == FALLBACK


def test_who_was_left_for_a_wait_that_did_not_fit_is_not_asked_again():
    past = [
        Past(model=PRIMARY, outcome=Outcome.TRANSIENT, retry_after_seconds=100),
        Past(model=FALLBACK, outcome=Outcome.UNUSABLE),
    ]
    assert follow(past, view(118)) == Stop(code="all_attempts_failed")


def test_retry_after_is_honoured_over_the_back_off():
    past = [Past(model=PRIMARY, outcome=Outcome.TRANSIENT, retry_after_seconds=20)]
    assert follow(past) == RetryLater(model=PRIMARY, delay_seconds=20)


def test_a_delivery_after_a_back_off_tries_the_same_model_at_once():
    assert tried(begin([Past(model=PRIMARY, outcome=Outcome.TRANSIENT)])) == PRIMARY


def test_a_delivery_after_parking_tries_the_same_model():
    past = [
        Past(model=PRIMARY, outcome=Outcome.UNUSABLE),
        Past(model=FALLBACK, outcome=Outcome.HOST),
    ]
    assert tried(begin(past)) == FALLBACK


def test_a_model_that_policy_forbids_ends_the_run():
    assert begin(seen=view(forbidden={PRIMARY})) == not_allowed(PRIMARY)
    step = after(Outcome.UNUSABLE, seen=view(forbidden={FALLBACK}))
    assert step == not_allowed(FALLBACK)


def test_a_forbidden_fallback_is_given_no_time():
    assert begin(seen=view(600, forbidden={FALLBACK})).budget_seconds == 600


OVERFLOW = Past(model=PRIMARY, outcome=Outcome.UNUSABLE, cause=Cause.CONTEXT_OVERFLOW)


@pytest.mark.parametrize(
    "windows",
    [{}, {PRIMARY: 4096, FALLBACK: 8192}, {PRIMARY: 4096}, {FALLBACK: 4096}],
    ids=["nothing known", "larger", "fallback's unknown", "primary's unknown"],
)
def test_a_prompt_that_is_too_long_goes_to_a_larger_or_unknown_context(windows):
    assert tried(follow([OVERFLOW], view(context_windows=windows))) == FALLBACK


@pytest.mark.parametrize("size", [4096, 2048])
def test_a_prompt_that_is_too_long_does_not_go_to_a_context_that_is_no_larger(size):
    windows = {PRIMARY: 4096, FALLBACK: size}
    step = follow([OVERFLOW], view(context_windows=windows))
    assert step == Stop(code="context_overflow")


def test_a_model_that_is_unusable_for_another_reason_may_have_a_smaller_fallback():
    windows = {PRIMARY: 4096, FALLBACK: 2048}
    assert tried(after(Outcome.UNUSABLE, seen=view(context_windows=windows))) == FALLBACK
