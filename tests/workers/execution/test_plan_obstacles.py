"""The plan among open breakers and pauses."""

import pytest

from tests.workers.execution.test_plan import FALLBACK, PRIMARY, after, begin, follow, tried, view
from workers.execution.plan import Park, Past, RetryLater, Stop
from workers.runs.obstacles import Kind, Obstacle
from workers.runs.outcomes import Outcome

BOTH = {PRIMARY, FALLBACK}
SKIPPED = Past(model=PRIMARY, outcome=Outcome.SKIPPED)


def breakers(*models):
    return Obstacle(Kind.BREAKER, models)


def test_a_model_whose_breaker_is_open_is_passed_over_for_the_fallback():
    step = begin(seen=view(blocked={PRIMARY}))
    assert tried(step) == FALLBACK
    assert step.skipped == (PRIMARY,)


def test_open_for_every_model_the_run_is_parked_until_either_may_be_tried():
    step = begin(seen=view(blocked=BOTH))
    assert step == Park(obstacle=breakers(PRIMARY, FALLBACK), skipped=(PRIMARY, FALLBACK))


def test_open_without_a_fallback_the_run_is_parked():
    step = begin(seen=view(blocked={PRIMARY}), fallback_model="")
    assert step.obstacle == breakers(PRIMARY)


def test_open_for_the_only_model_that_is_left_the_run_is_parked():
    step = after(Outcome.UNUSABLE, seen=view(blocked={FALLBACK}))
    assert step.obstacle == breakers(FALLBACK)


def test_a_breaker_that_opens_during_the_retries_sends_the_run_to_the_fallback():
    step = after(Outcome.TRANSIENT, seen=view(blocked={PRIMARY}))
    assert tried(step) == FALLBACK
    assert step.skipped == (PRIMARY,)


def test_a_model_that_could_not_be_loaded_is_passed_over_for_the_fallback():
    step = begin(seen=view(unloadable={PRIMARY}))
    assert tried(step) == FALLBACK
    assert step.skipped == (PRIMARY,)


@pytest.mark.parametrize(
    "others",
    [
        {"unloadable": BOTH},
        {"unloadable": {PRIMARY}, "blocked": {FALLBACK}},
        {"unloadable": {PRIMARY}, "paused_models": {FALLBACK}},
        {"unloadable": {PRIMARY}, "forbidden": {FALLBACK}},
    ],
)
def test_a_model_that_could_not_be_loaded_is_tried_where_no_other_may_be_called(others):
    assert tried(begin(seen=view(**others))) == PRIMARY
    assert tried(begin(seen=view(unloadable={PRIMARY}), fallback_model="")) == PRIMARY


def test_a_parked_run_begins_with_its_primary_when_that_may_be_tried():
    assert tried(begin([SKIPPED])) == PRIMARY


def test_a_primary_that_was_only_passed_over_has_its_turn_when_the_fallback_fails():
    past = [SKIPPED, Past(model=FALLBACK, outcome=Outcome.UNUSABLE)]
    assert tried(follow(past)) == PRIMARY
    assert follow(past, view(blocked={PRIMARY})).obstacle == breakers(PRIMARY)


def test_a_primary_that_was_passed_over_between_its_tries_has_those_that_are_left():
    past = [
        Past(model=PRIMARY, outcome=Outcome.TRANSIENT),
        SKIPPED,
        Past(model=FALLBACK, outcome=Outcome.UNUSABLE),
    ]
    assert tried(follow(past)) == PRIMARY
    assert follow(past, max_retries=0) == Stop(code="all_attempts_failed")


def test_a_fallback_at_work_is_tried_again_before_the_primary_that_was_passed_over():
    past = [SKIPPED, Past(model=FALLBACK, outcome=Outcome.TRANSIENT)]
    assert follow(past) == RetryLater(model=FALLBACK, delay_seconds=1)


def test_a_forbidden_fallback_is_no_way_round_an_open_breaker():
    step = begin(seen=view(blocked={PRIMARY}, forbidden={FALLBACK}))
    assert step.obstacle == breakers(PRIMARY)


def test_a_forbidden_model_ends_the_run_though_its_breaker_is_open():
    step = begin(seen=view(blocked={PRIMARY}, forbidden={PRIMARY}))
    assert step == Stop(code="model_not_allowed", model=PRIMARY)


def test_a_paused_model_parks_the_run_though_there_is_a_fallback():
    step = begin(seen=view(paused_models={PRIMARY}))
    assert step == Park(obstacle=Obstacle(Kind.MODEL, (PRIMARY,)), skipped=(PRIMARY,))


def test_a_paused_fallback_matters_only_when_it_is_its_turn():
    seen = view(paused_models={FALLBACK})
    assert tried(begin(seen=seen)) == PRIMARY
    assert after(Outcome.SLOW, seen=seen).obstacle == Obstacle(Kind.MODEL, (FALLBACK,))


def test_a_paused_fallback_behind_an_open_breaker_waits_for_the_breaker():
    step = begin(seen=view(blocked={PRIMARY}, paused_models={FALLBACK}))
    assert step.obstacle == breakers(PRIMARY)


def test_a_paused_queue_parks_whatever_would_be_called():
    queue = "llm.weekly_report"
    for seen in (view(paused_queue=queue), view(paused_queue=queue, blocked={PRIMARY})):
        assert begin(seen=seen).obstacle == Obstacle(Kind.QUEUE, (queue,))


@pytest.mark.parametrize(
    "obstacle",
    [
        Obstacle(Kind.HOST, ("http://gpu:11434",)),
        Obstacle(Kind.QUEUE, ("llm.weekly_report.low",)),
        Obstacle(Kind.MODEL, ("registry:5000/a/b:latest",)),
        breakers("big:7b", "small:1b"),
    ],
    ids=lambda obstacle: obstacle.kind,
)
def test_an_obstacle_is_read_as_it_was_written(obstacle):
    assert Obstacle.read(str(obstacle)) == obstacle


def test_what_another_release_wrote_counts_as_a_host():
    assert Obstacle.read("weather rain").kind is Kind.HOST
