"""What attempts teach of the number of permits, as it is stored."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.workers.gates.permits.conftest import HOST, MODEL, known, take
from workers.gates.permits import observing
from workers.gates.permits.observing import answer_observe, queueing_observe, stood_behind
from workers.models import Attempt, PermitPool, TaskRun
from workers.runs.outcomes import Cause, Outcome

NOW = timezone.now


def attempt_of(claim, began_seconds_ago=5.0, **fields):
    defaults = {
        "run_id": claim.run_id,
        "number": 1,
        "model": MODEL,
        "host": HOST,
        "outcome": Outcome.SUCCEEDED,
        "started_at": NOW() - timedelta(seconds=began_seconds_ago),
        "duration_ms": round(began_seconds_ago * 1000),
        "first_token_ms": 100,
        "queue_ms": 0,
    }
    return Attempt(**{**defaults, **fields})


def silent(claim, cause=Cause.TIMEOUT, **fields):
    facts = {"outcome": Outcome.SLOW, "cause": cause, "first_token_ms": None, "queue_ms": None}
    return attempt_of(claim, **{**facts, **fields})


def learned():
    return PermitPool.objects.values_list("learned", "ceiling").get(host=HOST, model=MODEL)


@pytest.fixture
def second(claimed):
    """The second of two that are open, tried beyond the one that is known: claim and permit."""
    known(learned=1, longest_seconds=6.0)
    take(claimed())
    claim = claimed()
    return claim, take(claim)


def test_an_answer_that_did_not_wait_raises_the_number(second):
    claim, permit = second
    answer_observe(permit, attempt_of(claim))
    assert learned() == (2, None)


def test_an_answer_that_waited_bounds_it(second):
    claim, permit = second
    answer_observe(permit, attempt_of(claim, queue_ms=3000))
    assert learned() == (1, 2)


def test_a_place_that_became_free_as_it_began_proves_nothing(second):
    claim, permit = second
    other = TaskRun.objects.exclude(pk=claim.run_id).get()
    mine = attempt_of(claim)
    ended_with_my_start = {
        "started_at": mine.started_at - timedelta(seconds=4),
        "duration_ms": 4050,
    }
    attempt_of(claim, run_id=other.pk, **ended_with_my_start).save()
    answer_observe(permit, mine)
    assert learned() == (1, None)


def test_a_server_that_reports_no_durations_is_judged_by_its_first_token(second):
    claim, permit = second
    answer_observe(permit, attempt_of(claim, queue_ms=None, first_token_ms=2000))
    assert learned() == (1, None)
    answer_observe(permit, attempt_of(claim, queue_ms=None, first_token_ms=100))
    assert learned() == (2, None)


def test_where_it_is_settled_one_more_is_tried_every_fourth_answer(claimed, monkeypatch):
    known(learned=2, ceiling=3, longest_seconds=5.0)
    monkeypatch.setattr(observing, "_answers", type(observing._answers)())
    claim = claimed()
    permit = take(claim)
    for _ in range(3):
        answer_observe(permit, attempt_of(claim))
    assert learned() == (2, 3)
    answer_observe(permit, attempt_of(claim))
    assert learned() == (2, 4)


def test_an_answer_that_teaches_nothing_writes_nothing(claimed, django_assert_num_queries):
    known(learned=2, longest_seconds=5.0)
    claim = claimed()
    permit = take(claim)
    with django_assert_num_queries(0):
        answer_observe(permit, attempt_of(claim))


@pytest.fixture
def stated(claimed, settings):
    """The fourth of four that are open, as the settings state: claim and permit."""
    settings.LLM_HOST_CONCURRENCY = 4
    for _ in range(3):
        take(claimed())
    claim = claimed()
    return claim, take(claim)


def test_a_stated_number_is_trusted_although_an_answer_waited(stated):
    claim, permit = stated
    answer_observe(permit, attempt_of(claim, queue_ms=3000))
    assert take(claim).pool.known.limit == 4


def test_a_stated_number_that_is_proved_wrong_is_lowered_and_learned_again(stated, settings):
    claim, permit = stated
    queueing_observe(permit)
    assert learned() == (2, 4)
    again = take(claim)
    assert again is None
    settings.LLM_HOST_CONCURRENCY = 8
    assert take(claim).pool.known.limit == 8


def test_silence_while_another_got_tokens_was_a_wait_behind_it(second):
    claim, permit = second
    assert not stood_behind(permit, silent(claim))
    TaskRun.objects.exclude(pk=claim.run_id).update(token_at=NOW())
    assert stood_behind(permit, silent(claim))
    assert stood_behind(permit, silent(claim, cause=Cause.SLOW_START))


def test_silence_while_another_was_answered_was_a_wait_behind_it(second):
    claim, permit = second
    other = TaskRun.objects.exclude(pk=claim.run_id).get()
    attempt_of(claim, run_id=other.pk, began_seconds_ago=4.0, duration_ms=2000).save()
    assert stood_behind(permit, silent(claim))


@pytest.mark.parametrize(
    "of_the_other",
    [
        {"token_at": NOW() - timedelta(minutes=1)},  # before this one began: both hang now
        {"token_at": None},
    ],
)
def test_silence_while_nobody_got_tokens_is_slow(second, of_the_other):
    claim, permit = second
    TaskRun.objects.exclude(pk=claim.run_id).update(**of_the_other)
    assert not stood_behind(permit, silent(claim))


def test_an_attempt_that_got_a_token_stood_behind_nobody(second):
    claim, permit = second
    TaskRun.objects.exclude(pk=claim.run_id).update(token_at=NOW())
    assert not stood_behind(permit, silent(claim, first_token_ms=900))
    assert not stood_behind(permit, silent(claim, cause=Cause.LOAD_TIMEOUT))


def test_tokens_of_another_model_prove_nothing(second, claimed):
    claim, permit = second
    take(claimed(), model="small:1b")
    TaskRun.objects.exclude(pk=claim.run_id).exclude(permit=permit.pool.id).update(token_at=NOW())
    assert not stood_behind(permit, silent(claim))


def test_a_wait_behind_another_lowers_the_number(second):
    _claim, permit = second
    known(learned=2)
    queueing_observe(permit)
    assert learned() == (1, 2)
