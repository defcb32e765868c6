"""Enqueue of many runs at once: the batch of one caller, or a run for each user.

The rules of ``workers.submission.enqueue``, and much faster: configurations are resolved together,
rows stored by COPY, messages sent in chunks. Submissions are read as they are needed; one chunk is
held.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone

from llmconfig.database.conflicts import conflicts_retried
from llmconfig.values.errors import LLMConfigError
from workers.messaging.bulk_publish import runs_publish
from workers.messaging.queues import PRIORITIES
from workers.runs.bulk_insert import rows_copy
from workers.runs.errors import TooManyActiveRuns, UnknownPriority, UnknownUser, WorkerError
from workers.runs.models import TaskRun
from workers.submission.bulk_resolve import Decision, Question, question_of, questions_decide
from workers.submission.enqueue import run_build, task_type_get, with_deadline
from workers.submission.submissions import Outcome, Submission
from workers.task_types.payloads import payload_clean, payload_size

#: Runs that are stored together, and how large their payloads may be together.
CHUNK = 1000
CHUNK_BYTES = 4 * 1024 * 1024
#: A key or a user that came or went in between is seen by the second try.
TRIES = 2


@dataclass(kw_only=True)
class _Draft:
    """A submission on its way to its outcome."""

    submission: Submission
    payload: dict[str, Any] | None = None
    run: TaskRun | None = None
    #: The run that was there before.
    found: TaskRun | None = None
    error: Exception | None = None

    @property
    def question(self) -> Question:
        asked = self.submission
        return question_of(asked.user_id, asked.task_type, asked.request)

    @property
    def outcome(self) -> Outcome:
        if self.error:
            return Outcome(submission=self.submission, error=self.error)
        run = self.found or self.run
        return Outcome(submission=self.submission, run=run, is_new=self.found is None)


def enqueue_many(
    submissions: Iterable[Submission],
    *,
    publish: bool = True,
    room: Callable[[], int] | None = None,
) -> Iterator[Outcome]:
    """Accept runs, each for itself, and tell the outcomes in their order.

    Nothing happens until the outcomes are read. Each chunk is stored in a transaction and published
    when that, or the one around it, commits; without ``publish`` the caller or the sweeper does it.
    ``room`` is asked in the transaction how many more runs fit. An outcome's error is one that
    ``enqueue`` raises, ``UnknownUser`` or ``TooManyActiveRuns``. Raises ``ConfigurationError``, and
    what the database raises for metadata that it cannot hold.
    """
    for chunk in _chunks(submissions):
        decisions = questions_decide(draft.question for draft in chunk if not draft.error)
        for draft in chunk:
            if not draft.error:
                _build(draft, decisions[draft.question])
        _store([draft for draft in chunk if not draft.error], publish=publish, room=room)
        yield from [draft.outcome for draft in chunk]


def _chunks(submissions: Iterable[Submission]) -> Iterator[list[_Draft]]:
    chunk: list[_Draft] = []
    size = 0
    for submission in submissions:
        draft = _check(submission)
        size += payload_size(draft.payload) if draft.payload else 0
        chunk.append(draft)
        if len(chunk) >= CHUNK or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _check(submission: Submission) -> _Draft:
    try:
        kind = task_type_get(submission.task_type)
        if submission.priority not in PRIORITIES:
            raise UnknownPriority
        payload = payload_clean(kind.payload, submission.payload)
    except (WorkerError, LLMConfigError) as error:
        return _Draft(submission=submission, error=error)
    return _Draft(submission=submission, payload=payload)


def _build(draft: _Draft, decision: Decision) -> None:
    asked = draft.submission
    try:
        if isinstance(decision, LLMConfigError):
            raise decision
        if asked.deadline_seconds is not None:
            decision = with_deadline(decision, asked.deadline_seconds)
        draft.run = run_build(
            task_type=asked.task_type,
            payload=draft.payload or {},
            user_id=asked.user_id,
            config=decision,
            available_at=asked.available_at or timezone.now(),
            priority=asked.priority,
            metadata=dict(asked.metadata or {}),
            idempotency_key=asked.idempotency_key,
            parent_id=asked.parent_id,
        )
    except (WorkerError, LLMConfigError) as error:
        draft.error = error


@conflicts_retried
def _store(drafts: Sequence[_Draft], *, publish: bool, room: Callable[[], int] | None) -> None:
    for tried in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                fresh = _fresh(drafts)
                fresh = fresh if room is None else _fitting(fresh, room())
                runs = [draft.run for draft in fresh if draft.run]
                rows_copy(runs)
                if publish:
                    _publish_on_commit(runs)
            return
        except IntegrityError:
            if tried == TRIES:
                raise


def _publish_on_commit(runs: Sequence[TaskRun]) -> None:
    due = [run for run in runs if run.available_at <= timezone.now()]
    if due:
        transaction.on_commit(lambda: runs_publish(due), robust=True)


def _fresh(drafts: Sequence[_Draft]) -> list[_Draft]:
    """Those to be stored: their users exist, and their keys are not taken."""
    users = _users_known({draft.submission.user_id for draft in drafts})
    taken = _runs_by_key(drafts)
    fresh = []
    for draft in drafts:
        draft.error = None
        key = draft.submission.idempotency_key
        if draft.submission.user_id not in users:
            draft.error = UnknownUser()
        elif key is not None and key in taken:
            draft.found = taken[key]
        else:
            fresh.append(draft)
            if key is not None and draft.run:
                taken[key] = draft.run
    return fresh


def _users_known(user_ids: set[int | None]) -> set[int | None]:
    named = [user_id for user_id in user_ids if user_id is not None]
    users = get_user_model()._default_manager.filter(pk__in=named)
    return {None, *users.values_list("pk", flat=True)}


def _runs_by_key(drafts: Sequence[_Draft]) -> dict[str, TaskRun]:
    keys = [draft.submission.idempotency_key for draft in drafts]
    if not any(keys):
        return {}
    found = TaskRun.objects.filter(idempotency_key__in=[key for key in keys if key])
    return {str(run.idempotency_key): run for run in found}


def _fitting(drafts: list[_Draft], most: int) -> list[_Draft]:
    for draft in drafts[max(most, 0) :]:
        draft.error = TooManyActiveRuns()
    return drafts[: max(most, 0)]
