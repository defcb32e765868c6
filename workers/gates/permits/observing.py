"""Learning the number of permits from attempts that ended.

An answer tells how long it waited in the server's own queue. An attempt that saw no byte, while
another of ours on the same (host, model) got tokens, stood behind it there: the model is not slow.
"""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from llmconfig.values.model_names import normalise_model
from workers.gates.permits.learning import (
    TOLERATED_SECONDS,
    Answer,
    Knowledge,
    after_answer,
    after_queueing,
    reopened,
)
from workers.gates.permits.limits import stated_limit
from workers.gates.permits.pools import Pool, knowledge_store, pool_lock
from workers.gates.permits.taking import Permit
from workers.runs.models import Attempt, TaskRun
from workers.runs.outcomes import Cause, Outcome
from workers.runs.states import Status

logger = logging.getLogger(__name__)

#: After so many answers in a process, one attempt more than is known to work is tried again.
ANSWERS_BETWEEN_PROBES = 4
#: The clocks of two workers and the work between two attempts may differ by so much.
MARGIN = timedelta(seconds=0.25)
#: Of the attempts that ended after one began, so many are looked at.
MOST_LOOKED_AT = 300

_answers: Counter[int] = Counter()


def answer_observe(permit: Permit, attempt: Attempt) -> None:
    """Learn from an attempt that ended with an answer."""
    if permit.pool.known.ceiling is None and stated_limit() is not None:
        # The statement is trusted.
        return
    answer = _answer(attempt, permit.open_at_once)
    is_due = _probe_is_due(permit.pool)
    if after_answer(permit.pool.known, answer) == permit.pool.known and not is_due:
        return
    if answer.open_at_once > permit.pool.known.limit and not answer.waited:
        answer = _answer(attempt, permit.open_at_once - _ended_at_its_start(permit, attempt))

    def learned(known: Knowledge) -> Knowledge:
        after = after_answer(known, answer)
        return reopened(after) if is_due and after.is_settled else after

    _learn(permit.pool, learned)


def queueing_observe(permit: Permit) -> None:
    """Lower the number: an attempt waited in the server's queue until its time was over."""
    _learn(permit.pool, lambda known: after_queueing(known, permit.open_at_once))


def stood_behind(permit: Permit, attempt: Attempt) -> bool:
    """Whether an attempt that saw no byte stood behind another of ours, which got tokens."""
    if attempt.outcome != Outcome.SLOW or attempt.first_token_ms is not None:
        return False
    if attempt.cause not in (Cause.SLOW_START, Cause.TIMEOUT):
        return False
    lasted = timedelta(milliseconds=attempt.duration_ms)
    others = TaskRun.objects.filter(permit=permit.pool.id, status=Status.RUNNING)
    if others.filter(~Q(pk=attempt.run_id), token_at__gt=Now() - lasted).exists():
        return True
    return any(
        other.outcome == Outcome.SUCCEEDED and _ended_at(other) > attempt.started_at + MARGIN
        for other in _ended_since(permit, attempt)
    )


def _answer(attempt: Attempt, open_at_once: int) -> Answer:
    loading = attempt.load_ms or 0
    queue_ms = attempt.queue_ms
    if queue_ms is None and attempt.first_token_ms is not None:
        # A server that reports no durations: an early first token proves that it did not wait.
        early = attempt.first_token_ms <= TOLERATED_SECONDS * 1000
        queue_ms = 0 if early else None
    return Answer(
        open_at_once=open_at_once,
        queue_seconds=None if queue_ms is None else queue_ms / 1000,
        seconds=max(0, attempt.duration_ms - loading) / 1000,
    )


def _probe_is_due(pool: Pool) -> bool:
    if not pool.known.is_settled:
        _answers[pool.id] = 0
        return False
    _answers[pool.id] += 1
    if _answers[pool.id] < ANSWERS_BETWEEN_PROBES:
        return False
    _answers[pool.id] = 0
    return True


def _learn(pool: Pool, change: Callable[[Knowledge], Knowledge]) -> None:
    with transaction.atomic():
        fresh = pool_lock(pool.host, pool.model)
        known = change(fresh.known)
        if known != fresh.known:
            knowledge_store(fresh, known)
    if known.limit != fresh.known.limit:
        ids = {"action": "permits", "model": pool.model, "host": pool.host, "permits": known.limit}
        logger.info("%s on %s: %s permits", pool.model, pool.host, known.limit, extra=ids)


def _ended_at_its_start(permit: Permit, attempt: Attempt) -> int:
    """Others that were open when the permit was taken, and whose places this one found free."""
    waited = timedelta(milliseconds=attempt.queue_ms or 0)
    begun = attempt.started_at + waited + MARGIN
    return sum(_ended_at(other) <= begun for other in _ended_since(permit, attempt))


def _ended_since(permit: Permit, attempt: Attempt) -> list[Attempt]:
    """Attempts of other runs on the same (host, model), written after the permit was taken."""
    later = Attempt.objects.filter(pk__gt=permit.newest_attempt, host=permit.pool.host)
    fields = ("model", "outcome", "started_at", "duration_ms")
    found = later.exclude(number=None).exclude(run=attempt.run_id).order_by("pk").only(*fields)
    return [
        other
        for other in found[:MOST_LOOKED_AT]
        if normalise_model(other.model) == permit.pool.model
    ]


def _ended_at(attempt: Attempt) -> datetime:
    return attempt.started_at + timedelta(milliseconds=attempt.duration_ms)
