"""Enqueue: resolve the configuration, store the run, publish its message on commit.

The configuration is resolved here and nowhere later. The row is stored with that decision; its
message leaves when the surrounding transaction commits. A broker that is down loses nothing: the
sweeper publishes the row when it can.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from celery.canvas import Signature
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from llmconfig.database.conflicts import conflicts_retried
from llmconfig.resolution.selectors import config_resolve
from llmconfig.values.errors import UnknownTaskType
from llmconfig.values.types import Origin, ResolvedConfig
from workers import task_types
from workers.messaging import header
from workers.messaging.publish import run_publish
from workers.messaging.queues import PRIORITIES, queue_name
from workers.runs.errors import DeadlineTooLong, UnknownPriority
from workers.runs.models import TaskRun
from workers.task_types.payloads import payload_clean


def enqueue(
    *,
    task_type: str,
    payload: Mapping[str, Any],
    user_id: int | None = None,
    priority: str = "normal",
    deadline_seconds: int | None = None,
    metadata: Mapping[str, str] | None = None,
    request: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
    request_hash: str | None = None,
    available_at: datetime | None = None,
    retry_of: TaskRun | None = None,
    admit: Callable[[], object] | None = None,
) -> TaskRun:
    """Accept one run, to be published on commit.

    ``request`` is the strongest layer of configuration, where the environment permits it;
    ``deadline_seconds`` shortens the configured deadline and is always permitted. Where a run has
    the same ``idempotency_key``, that one is returned as it is. ``admit`` is called in the
    transaction that stores a run, and may refuse it. Raises
    ``UnknownTaskType``, ``InvalidPayload``, ``PayloadTooLarge``, ``UnknownPriority``,
    ``DeadlineTooLong`` and what ``config_resolve`` raises.
    """
    kind = task_type_get(task_type)
    if priority not in PRIORITIES:
        raise UnknownPriority
    cleaned = payload_clean(kind.payload, payload)
    config = config_resolve(user_id=user_id, task_type=task_type, request=request)
    if deadline_seconds is not None:
        config = with_deadline(config, deadline_seconds)
    return run_store(
        task_type=task_type,
        payload=cleaned,
        user_id=user_id,
        config=config,
        priority=priority,
        metadata=dict(metadata or {}),
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        available_at=available_at or timezone.now(),
        retry_of=retry_of,
        admit=admit,
    )


def enqueue_signature(
    *, task_type: str, payload: Mapping[str, Any], user_id: int | None = None
) -> "Signature[Any]":
    """The same work as an immutable Celery signature, for a canvas. Call it where the canvas is
    built: the configuration is resolved now and travels in the signature's header; the run is
    made when a worker receives it. A link says that its run was received and worked on, not that
    it succeeded: a run that fails or is parked lets the next link begin. Raises as ``enqueue``.
    """
    kind = task_type_get(task_type)
    cleaned = payload_clean(kind.payload, payload)
    config = config_resolve(user_id=user_id, task_type=task_type)
    return current_app.signature(
        kind.celery_name,
        kwargs={"task_type": task_type, "payload": cleaned, "user_id": user_id},
        immutable=True,
        headers={header.KEY: header.header_build(config, task_type=task_type, user_id=user_id)},
        queue=queue_name(task_type),
    )


def with_deadline(config: ResolvedConfig, seconds: int) -> ResolvedConfig:
    """The configuration with the request's own, shorter deadline."""
    if seconds > config.deadline_seconds:
        raise DeadlineTooLong(seconds, config.deadline_seconds)
    origins = {**config.origins, "deadline_seconds": Origin("request", "deadline_seconds")}
    return replace(config, deadline_seconds=seconds, origins=origins, config_version="")


def task_type_get(name: object) -> task_types.TaskType:
    """The registered task type. Raises ``UnknownTaskType``, naming the accepted ones."""
    kind = task_types.get(name) if isinstance(name, str) else None
    if kind is None:
        accepted = [task_type.name for task_type in task_types.registered()]
        raise UnknownTaskType(str(name), accepted)
    return kind


@conflicts_retried
def run_store(
    *,
    task_type: str,
    payload: Mapping[str, Any],
    user_id: int | None,
    config: ResolvedConfig,
    available_at: datetime,
    priority: str = "normal",
    publish: bool = True,
    admit: Callable[[], object] | None = None,
    **fields: Any,
) -> TaskRun:
    """Write the row with its decision, unless one of its key is there; publish it on commit unless
    a message is there already. The run that is stored."""
    key = fields.get("idempotency_key")
    # With a request's hash comes a key that `workers.submission.idempotency` has looked up, under
    # its lock.
    if fields.get("request_hash") is None and (first := _run_of_key(key)):
        return first
    run = run_build(
        task_type=task_type,
        payload=payload,
        user_id=user_id,
        config=config,
        available_at=available_at,
        priority=priority,
        **fields,
    )
    try:
        # Who may refuse refuses the whole transaction: a savepoint would be two queries more.
        with transaction.atomic(savepoint=admit is None):
            if admit:
                admit()
            run.save(force_insert=True)
            if publish and available_at <= timezone.now():
                transaction.on_commit(lambda: run_publish(run), robust=True)
    except IntegrityError:
        # Stored by somebody else in the meantime; a transaction around this one may be over.
        if not connection.needs_rollback and (first := _run_of_key(key)):
            return first
        raise
    return run


def _run_of_key(key: str | None) -> TaskRun | None:
    return None if key is None else TaskRun.objects.filter(idempotency_key=key).first()


def run_build(
    *,
    task_type: str,
    payload: Mapping[str, Any],
    user_id: int | None,
    config: ResolvedConfig,
    available_at: datetime,
    priority: str = "normal",
    **fields: Any,
) -> TaskRun:
    """The row with its decision, not stored yet."""
    run = TaskRun(
        user_id=user_id,
        task_type=task_type,
        queue=queue_name(task_type, priority),
        priority=priority,
        payload=payload,
        available_at=available_at,
        deadline=available_at + timedelta(seconds=config.deadline_seconds),
        **fields,
    )
    run.llm_config = header.header_build(
        config,
        task_type=task_type,
        user_id=user_id,
        run_id=str(run.id),
        deadline=run.deadline.isoformat(),
    )
    return run
