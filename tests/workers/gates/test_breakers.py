"""Breakers: opening, one probe at a time over all processes, and always a way back."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from workers.gates.breakers import breaker_record, breaker_reset, breakers_of, probe_take
from workers.gates.verdicts import Verdict
from workers.models import Breaker, TaskRun

pytestmark = pytest.mark.django_db

HOST, MODEL = "http://gpu:11434", "big:7b"
PROBE_SECONDS = 600


def fail(times=1, model=MODEL, token=None, verdict=Verdict.FAILED):
    for _ in range(times):
        breaker_record(HOST, model, token or uuid4(), verdict, "HTTP 503")


def succeed(token=None):
    breaker_record(HOST, MODEL, token or uuid4(), Verdict.ANSWERED)


def standing(model=MODEL):
    return breakers_of(HOST, [model]).get(model)


def is_blocked():
    found = standing()
    return bool(found and found.is_blocked)


def half_open(model=MODEL):
    """As it stands ten seconds after it opened."""
    fail(3, model)
    Breaker.objects.update(open_until=timezone.now() - timedelta(seconds=1))


def working_run(**fields):
    return TaskRun.objects.create(
        task_type="TASK_TYPE_TEXT_GENERATION",
        queue="llm.text_generation",
        payload={"prompt": "x"},
        llm_config={},
        deadline=timezone.now() + timedelta(minutes=10),
        **{
            "status": "running",
            "claim_token": uuid4(),
            "lease_expires_at": timezone.now() + timedelta(seconds=30),
            **fields,
        },
    )


def take(run, seconds=PROBE_SECONDS):
    return probe_take(HOST, MODEL, run.claim_token, seconds)


def test_three_failures_in_a_row_open_a_breaker_for_ten_seconds():
    fail(2)
    assert standing() is None
    fail()
    assert is_blocked()
    row = Breaker.objects.get()
    assert timedelta(seconds=5) < row.open_until - timezone.now() <= timedelta(seconds=10)
    assert (row.failures, row.last_reason) == (3, "HTTP 503")


def test_a_success_in_between_begins_the_count_anew():
    fail(2)
    succeed()
    fail(2)
    assert standing() is None


def test_what_says_nothing_of_the_models_health_is_not_counted():
    fail(2)
    fail(5, verdict=Verdict.NONE)
    assert Breaker.objects.get().failures == 2


def test_a_name_without_a_tag_is_the_latest():
    fail(2, "qwen3")
    fail(1, "qwen3:latest")
    assert Breaker.objects.count() == 1
    assert breakers_of(HOST, ["qwen3"])["qwen3"].is_blocked


def test_hosts_have_breakers_of_their_own():
    fail(3)
    assert not breakers_of("http://other:11434", [MODEL])


def test_a_half_open_breaker_lets_one_probe_through():
    half_open()
    assert standing().is_half_open
    assert not is_blocked()
    assert take(working_run())
    assert is_blocked()
    assert not take(working_run())


def test_no_probe_is_to_be_had_while_the_breaker_is_open_or_closed():
    run = working_run()
    assert not take(run)
    fail(3)
    assert not take(run)


def test_a_probe_that_succeeds_closes_the_breaker():
    half_open()
    run = working_run()
    take(run)
    succeed(run.claim_token)
    assert standing() is None
    fail(2)
    assert standing() is None


def test_a_probe_that_fails_opens_the_breaker_for_the_same_time_again():
    for _ in range(3):
        half_open()
        run = working_run()
        assert take(run)
        fail(token=run.claim_token)
        remaining = Breaker.objects.get().open_until - timezone.now()
        assert timedelta(seconds=5) < remaining <= timedelta(seconds=10)


def test_a_failure_while_it_is_open_counts_from_its_own_moment():
    fail(3)
    Breaker.objects.update(open_until=timezone.now() + timedelta(seconds=2))
    fail()
    assert Breaker.objects.get().open_until > timezone.now() + timedelta(seconds=5)


def test_a_late_failure_does_not_free_somebody_elses_probe():
    half_open()
    assert take(working_run())
    fail()
    Breaker.objects.update(open_until=timezone.now() - timedelta(seconds=1))
    assert not take(working_run())


def test_a_probe_without_a_verdict_is_given_back():
    half_open()
    run = working_run()
    take(run)
    fail(token=run.claim_token, verdict=Verdict.NONE)
    assert take(working_run())


@pytest.mark.parametrize(
    "fields",
    [
        {"lease_expires_at": timezone.now() - timedelta(seconds=1)},
        {"claim_token": uuid4()},
        {"status": "queued", "claim_token": None, "lease_expires_at": None},
    ],
    ids=["its worker died", "somebody else has the run", "the run was given back"],
)
def test_a_probe_is_free_when_the_claim_that_holds_it_ends(fields):
    half_open()
    run = working_run()
    take(run)
    TaskRun.objects.filter(pk=run.pk).update(**fields)
    assert not is_blocked()
    assert take(working_run())


def test_a_probe_is_free_when_its_call_took_longer_than_it_may():
    half_open()
    assert take(working_run(), seconds=0)
    assert take(working_run())


def test_a_reset_by_hand_closes_a_breaker():
    fail(3)
    breaker_reset(Breaker.objects.get())
    assert standing() is None
    assert Breaker.objects.get().failures == 0


def test_reading_the_breakers_of_a_run_takes_one_query(django_assert_num_queries):
    half_open()
    with django_assert_num_queries(1):
        breakers_of(HOST, [MODEL, "small:1b"])


def together(count, work):
    """The results of ``work`` in so many threads at once, each on a connection of its own."""
    results, gate = [], threading.Barrier(count)

    def run():
        gate.wait()
        try:
            results.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_of_many_that_come_at_once_one_probes():
    half_open()
    assert sum(together(8, lambda: take(working_run()))) == 1


@pytest.mark.django_db(transaction=True)
def test_no_failure_is_lost_however_many_come_at_once():
    together(8, lambda: fail(3))
    assert Breaker.objects.get().failures == 24


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("others_probe", [True, False])
def test_two_runs_with_swapped_models_do_not_wait_for_each_other(others_probe):
    """Each failed with one model and asks for the probe of the other's."""
    models = ("big:7b", "small:1b")
    for model in models:
        half_open(model)
        if others_probe:
            probe_take(HOST, model, working_run().claim_token, PROBE_SECONDS)
    runs = [working_run(), working_run()]
    together, errors = threading.Barrier(2), []

    def work(run, first, second):
        try:
            with transaction.atomic():
                # The rows are held until the end, whether the probe is free or not.
                probe_take(HOST, first, run.claim_token, PROBE_SECONDS)
                together.wait(10)
                probe_take(HOST, second, run.claim_token, PROBE_SECONDS)
        except OperationalError as error:
            errors.append(error)
        finally:
            connection.close()

    orders = (models, reversed(models))
    threads = [
        threading.Thread(target=work, args=(run, *order))
        for run, order in zip(runs, orders, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert errors == []
