"""Runs of one model that are claimed, wait for a permit, or hold one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from workers.gates.permits.pools import pool_lock
from workers.gates.permits.taking import permit_take
from workers.models import PermitPool, TaskRun
from workers.runs.claims import claim_take
from workers.runs.obstacles import Obstacle

HOST, MODEL = "http://gpu:11434", "big:7b"
QUEUE = "llm.text_generation"
LIMITS = {"timeout_seconds": 30.0, "first_token_timeout_seconds": None}


@pytest.fixture
def store(transactional_db, broker):
    """Stores a run; fields given here win."""

    def make(**fields):
        priority = fields.get("priority", "normal")
        defaults = {
            "task_type": "TASK_TYPE_TEXT_GENERATION",
            "queue": f"{QUEUE}.low" if priority == "low" else QUEUE,
            "payload": {"prompt": "x"},
            "llm_config": {"timeout_seconds": 30, "first_token_timeout_seconds": None},
            "deadline": timezone.now() + timedelta(minutes=10),
        }
        return TaskRun.objects.create(**{**defaults, **fields})

    return make


@pytest.fixture
def claimed(store):
    """A run that is claimed: the claim."""
    return lambda **fields: claim_take(store(status="queued", **fields).pk)


@pytest.fixture
def wait(store):
    """A run that waits for a permit."""
    parked_on = str(Obstacle.permit(HOST, MODEL))
    return lambda **fields: store(status="retrying", parked_on=parked_on, **fields)


def take(claim, model=MODEL, host=HOST, **limits):
    return permit_take(claim, host, model, **{**LIMITS, **limits})


def known(**fields):
    """Have this known of the (host, model)."""
    PermitPool.objects.update_or_create(host=HOST, model=MODEL, defaults=fields)


@pytest.fixture
def pool(transactional_db):
    from django.db import transaction

    with transaction.atomic():
        return pool_lock(HOST, MODEL)


def statuses(runs):
    by_pk = dict(TaskRun.objects.values_list("pk", "status"))
    return [by_pk[run.pk] for run in runs]
