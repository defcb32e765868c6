"""From a Celery message to the run that it names or brings.

A message names a run, or brings a task type and a payload from a producer that stores nothing
(beat, ``send_task``, a canvas); then its first delivery makes the run, once for that message.
A message that makes no sense is logged and acknowledged: sent again it would make no more.
"""

import logging
import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from llmconfig.database.conflicts import conflicts_retried
from llmconfig.resolution.selectors import config_resolve
from llmconfig.values.errors import LLMConfigError, MalformedConfig
from llmconfig.values.types import ResolvedConfig
from workers.messaging import header
from workers.runs.endings import run_end
from workers.runs.errors import InvalidMessage, WorkerError
from workers.runs.models import TaskRun
from workers.runs.states import OPEN, Status
from workers.submission.enqueue import run_store, task_type_get
from workers.task_types.payloads import payload_clean

logger = logging.getLogger(__name__)


def run_of_message(
    request: Any, celery_name: str, run_id: object, message: Mapping[str, Any]
) -> uuid.UUID | None:
    """The id of the run to work on, or None when there is nothing to do."""
    try:
        named = header.header_of(request)
        if named is not None:
            header.config_of(named)
    except MalformedConfig as error:
        _refuse(request, run_id, message, error)
        return None
    if run_id is not None:
        return _known_run(run_id)
    return _run_of_producer(request, celery_name, message, named)


def _known_run(run_id: object) -> uuid.UUID | None:
    try:
        return TaskRun.objects.only("id").get(pk=uuid.UUID(str(run_id))).pk
    except (ValueError, TaskRun.DoesNotExist):
        logger.error("A message names run %.80r, which does not exist; it is dropped", run_id)
        return None


def _run_of_producer(
    request: Any, celery_name: str, message: Mapping[str, Any], named: Mapping[str, Any] | None
) -> uuid.UUID | None:
    existing = TaskRun.objects.filter(celery_task_id=request.id).values_list("pk", flat=True)
    if found := existing.first():
        return found
    try:
        return _run_make(request, celery_name, message, named).pk
    except (IntegrityError, DataError) as error:
        # Another delivery of the same message was faster; or its user has gone, or it holds what
        # the database cannot.
        if (found := existing.first()) is None:
            logger.error("Message %s is dropped: %s", request.id, type(error).__name__)
        return found
    except (WorkerError, LLMConfigError) as error:
        logger.error("Message %s is dropped: %s: %s", request.id, error.code, error)
        return None


@conflicts_retried
def _run_make(
    request: Any, celery_name: str, message: Mapping[str, Any], named: Mapping[str, Any] | None
) -> TaskRun:
    kind = task_type_get(message.get("task_type"))
    if kind.celery_name != celery_name:
        raise InvalidMessage(f"{kind.name} was sent to {celery_name}")
    payload = payload_clean(kind.payload, message.get("payload"))
    user_id = _user_id(message.get("user_id"))
    if named is not None:
        config, decided = header.config_of(named), "enqueue"
    else:
        config, decided = _default_config(kind.name), "delivery"
    with transaction.atomic():
        run = run_store(
            task_type=kind.name,
            payload=payload,
            user_id=user_id,
            config=config,
            available_at=timezone.now(),
            publish=False,
            priority=_priority(request),
            celery_task_id=request.id,
            published_at=timezone.now(),
            status=Status.QUEUED,
        )
        run.llm_config["resolved_at"] = decided
        run.save(update_fields=["llm_config"])
    return run


def _default_config(task_type: str) -> ResolvedConfig:
    """A producer that decided nothing gets the default of the task type, not a person's choice."""
    logger.warning("A message for %s came without llm_config; using its default", task_type)
    return config_resolve(user_id=None, task_type=task_type)


def _priority(request: Any) -> str:
    """As the queue that the message came from says."""
    queue = str((request.delivery_info or {}).get("routing_key", ""))
    return "low" if queue.endswith(".low") else "normal"


def _user_id(value: object) -> int | None:
    if value is None:
        return None
    users = get_user_model()._default_manager
    try:
        return users.only("pk").get(pk=str(value)).pk
    except (users.model.DoesNotExist, ValueError, ValidationError):
        raise InvalidMessage(f"there is no user {value!r:.80}") from None


def _refuse(
    request: Any, run_id: object, message: Mapping[str, Any], error: MalformedConfig
) -> None:
    """End the run of a malformed header with that reason; without a run there is only the log."""
    logger.error("Message %s has a malformed llm_config: %s", request.id, error)
    try:
        key = uuid.UUID(str(run_id))
    except ValueError:
        return
    with transaction.atomic():
        waiting = TaskRun.objects.filter(pk=key, status__in=OPEN).exclude(status=Status.RUNNING)
        if run := waiting.select_for_update().first():
            run_end(run, Status.FAILED, error.code, opening=str(error))
