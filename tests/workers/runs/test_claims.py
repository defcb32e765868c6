"""Claims: one worker at a time, and no write without the claim."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from workers.execution.leases import Leases
from workers.models import TaskRun
from workers.runs.claims import claim_end, claim_holds, claim_take
from workers.runs.states import Status

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    return TaskRun.objects.create(
        task_type="TASK_TYPE_TEXT_GENERATION",
        queue="llm.text_generation",
        payload={"prompt": "x"},
        llm_config={},
        deadline=timezone.now() + timedelta(minutes=10),
        available_at=timezone.now() - timedelta(seconds=1),
    )


def test_a_waiting_run_is_claimed_once(run):
    assert claim_take(run.pk)
    assert claim_take(run.pk) is None
    run.refresh_from_db()
    assert (run.status, run.deliveries) == ("running", 1)


def test_a_run_is_not_claimed_before_it_is_available(run):
    TaskRun.objects.update(available_at=timezone.now() + timedelta(minutes=1))
    assert claim_take(run.pk) is None


def test_an_ended_run_is_never_claimed_again(run):
    claim = claim_take(run.pk)
    assert claim_end(claim, status=Status.SUCCEEDED, result={}, finished_at=timezone.now())
    assert claim_take(run.pk) is None


def test_a_lost_lease_may_be_claimed_and_the_first_holder_writes_nothing(run):
    first = claim_take(run.pk)
    TaskRun.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    second = claim_take(run.pk)
    assert second
    assert not claim_holds(first)
    assert not claim_end(first, status=Status.FAILED, finished_at=timezone.now())
    run.refresh_from_db()
    assert run.status == "running"
    assert claim_holds(second)


def test_renewing_extends_what_is_held_and_marks_what_is_lost(run):
    claim = claim_take(run.pk)
    soon = timezone.now() + timedelta(seconds=5)
    TaskRun.objects.update(lease_expires_at=soon)
    leases = Leases()
    with leases.holding(claim):
        leases.look()
        run.refresh_from_db()
        assert run.lease_expires_at > soon
        assert not claim.lost.is_set()

        TaskRun.objects.update(claim_token=uuid4())
        leases.look()
    assert claim.lost.is_set()
