"""A permit is taken where one is free, held as long as the claim, and counted once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests.workers.gates.permits.conftest import HOST, MODEL, known, take
from workers.models import PermitPool, TaskRun
from workers.runs.claims import claim_release, claim_take
from workers.runs.losses import runs_reclaim
from workers.submission.cancel import run_cancel


def test_where_nothing_is_known_there_is_one_permit(claimed):
    assert take(claimed())
    assert take(claimed()) is None


def test_models_and_hosts_have_permits_of_their_own(claimed):
    assert take(claimed())
    assert take(claimed(), model="small:1b")
    assert take(claimed(), host="http://other:11434")


def test_spellings_of_one_model_share_its_permits(claimed):
    assert take(claimed(), model="qwen3")
    assert take(claimed(), model="qwen3:latest") is None


def test_the_number_that_is_stated_wins_over_the_learned_one(claimed, settings):
    known(learned=1)
    settings.LLM_HOST_CONCURRENCY = 3
    assert [bool(take(claimed())) for _ in range(4)] == [True, True, True, False]


def test_a_run_that_has_the_permit_keeps_it(claimed):
    claim = claimed()
    assert take(claim)
    assert take(claim)


def test_a_permit_of_another_model_replaces_the_one_that_is_held(claimed):
    claim = claimed()
    assert take(claim)
    assert take(claim, model="small:1b")
    assert take(claimed())


def test_it_counts_how_many_are_open_with_it(claimed):
    known(learned=3)
    assert [take(claimed()).open_at_once for _ in range(3)] == [1, 2, 3]


def test_whoever_lost_the_claim_gets_none(claimed):
    claim = claimed()
    claim_release(claim)
    assert take(claim) is None


@pytest.mark.parametrize("end", ["release", "cancel", "reclaim"])
def test_a_permit_is_free_when_the_claim_ends(claimed, end):
    claim = claimed()
    take(claim)
    run = TaskRun.objects.get(pk=claim.run_id)
    if end == "release":
        claim_release(claim)
    elif end == "cancel":
        run_cancel(run, by=None)
    else:
        TaskRun.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        with transaction.atomic():
            runs_reclaim(TaskRun.objects.all())
    assert TaskRun.objects.get(pk=run.pk).permit_id is None
    assert take(claimed())


def test_the_permit_of_a_killed_process_is_free_when_its_lease_is_over(claimed):
    take(claimed())
    TaskRun.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert take(claimed())


def test_a_reserved_permit_is_held_until_its_message_should_have_come(claimed, store, pool):
    reserved = store(status="queued", permit_id=pool.id, published_at=timezone.now())
    assert take(claimed()) is None
    assert take(claim_take(reserved.pk))
    TaskRun.objects.filter(pk=reserved.pk).delete()
    late = timezone.now() - timedelta(seconds=3)
    store(status="queued", permit_id=pool.id, published_at=late)
    assert take(claimed())


def test_beyond_a_learned_number_one_is_tried_where_its_limits_allow_a_wait(claimed):
    known(learned=1, longest_seconds=6.0)
    assert take(claimed())
    assert take(claimed(), timeout_seconds=14.0) is None
    assert take(claimed(), first_token_timeout_seconds=7.0) is None
    assert take(claimed()).open_at_once == 2
    assert take(claimed()) is None


def test_nothing_is_tried_beyond_a_stated_number(claimed, settings):
    known(learned=1, longest_seconds=1.0)
    settings.LLM_HOST_CONCURRENCY = 1
    assert take(claimed())
    assert take(claimed()) is None


def test_of_many_at_the_same_time_no_more_get_one_than_there_are(claimed, settings):
    settings.LLM_HOST_CONCURRENCY = 3
    claims = [claimed() for _ in range(12)]
    taken, start = [], threading.Barrier(len(claims))

    def work(claim):
        start.wait()
        try:
            taken.append(bool(take(claim)))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[claim]) for claim in claims]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 9 + [True] * 3
    assert PermitPool.objects.filter(host=HOST, model=MODEL).count() == 1


def test_a_message_that_comes_after_its_reservation_brings_no_permit(store, pool):
    late = store(
        status="queued", permit_id=pool.id, published_at=timezone.now() - timedelta(seconds=3)
    )
    claim_take(late.pk)
    assert TaskRun.objects.get(pk=late.pk).permit_id is None


def test_an_arrival_does_not_overtake_the_runs_that_wait(claimed, wait):
    waiting = wait()
    assert take(claimed()) is None
    TaskRun.objects.filter(pk=waiting.pk).delete()
    assert take(claimed())


def test_a_normal_run_that_arrives_goes_before_waiting_low_ones(claimed, wait):
    wait(priority="low")
    assert take(claimed(priority="low")) is None
    assert take(claimed())


def test_an_older_run_goes_before_those_that_wait(claimed, wait):
    older = claimed()
    wait()
    assert take(older)


def test_a_woken_run_takes_its_reserved_permit_before_others_that_wait(store, wait, pool):
    wait()
    woken = store(status="queued", permit_id=pool.id, published_at=timezone.now(), priority="low")
    assert take(claim_take(woken.pk))


@pytest.mark.parametrize("reason", ["deadline", "task type", "queue"])
def test_a_run_that_cannot_be_woken_holds_up_no_arrival(claimed, store, wait, pool, reason):
    run = wait()
    fields = {
        "deadline": {"deadline": timezone.now()},
        "task type": {"task_type": "TASK_TYPE_UNKNOWN_HERE"},
        "queue": {"queue": "llm.without_a_worker"},
    }[reason]
    TaskRun.objects.filter(pk=run.pk).update(**fields)
    if reason == "queue":
        late = store(
            status="queued", permit_id=pool.id, published_at=timezone.now() - timedelta(seconds=3)
        )
        TaskRun.objects.filter(pk=late.pk).update(**fields)
    assert take(claimed())
