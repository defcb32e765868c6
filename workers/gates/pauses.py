"""Pauses: runs of a queue or a model wait until staff resume it.

A run is parked when what it would call next is paused; what runs already goes on. A pause of a
queue holds for its ``.low`` twin too; the twin may also be paused alone.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.db import IntegrityError, transaction
from django.db.models import Q

from llmconfig.values.kinds import ModelName, Refused
from llmconfig.values.model_names import normalise_model
from workers import task_types
from workers.gates.models import Pause
from workers.messaging.queues import PRIORITIES, queue_name
from workers.runs.errors import AlreadyPaused, InvalidPause, NotPaused
from workers.runs.obstacles import Obstacle
from workers.runs.outcomes import one_line

logger = logging.getLogger(__name__)

LOW = ".low"


@dataclass(frozen=True, kw_only=True)
class Paused:
    """The pauses that concern one run."""

    #: The paused queue's name, or "".
    queue: str = ""
    queue_reason: str = ""
    #: Reasons by the model's normalised name.
    models: Mapping[str, str] = field(default_factory=dict)


def pauses_of(queue: str, models: Iterable[str]) -> Paused:
    """The pauses of a run in this queue with these models, in one query."""
    found = Pause.objects.filter(
        Q(kind=Pause.Kind.QUEUE, name__in=queues_of(queue))
        | Q(kind=Pause.Kind.MODEL, name__in=[normalise_model(model) for model in models])
    )
    by_kind: dict[str, dict[str, str]] = {kind: {} for kind in Pause.Kind.values}
    for pause in found:
        by_kind[pause.kind][pause.name] = pause.reason
    name, reason = next(iter(by_kind[Pause.Kind.QUEUE].items()), ("", ""))
    return Paused(queue=name, queue_reason=reason, models=by_kind[Pause.Kind.MODEL])


def queues_of(queue: str) -> set[str]:
    """The queues whose pauses hold for this one."""
    return {queue, queue.removesuffix(LOW)}


def is_paused(obstacle: Obstacle) -> bool:
    """Whether the queue or model that a run is parked on is still paused."""
    return Pause.objects.filter(kind=obstacle.kind, name__in=obstacle.names).exists()


def pause_add(*, kind: str, name: str, reason: str, by: Any) -> Pause:
    """Pause a queue or model; ``by`` is a user, or None for the command line.

    Raises ``InvalidPause``, and ``AlreadyPaused`` where it is paused.
    """
    pause = Pause(kind=kind, name=pause_name(kind, name), reason=one_line(reason), created_by=by)
    try:
        with transaction.atomic():
            pause.save(force_insert=True)
    except IntegrityError:
        raise AlreadyPaused(str(pause)) from None
    _log("pause", "is paused", pause, by)
    return pause


def pause_remove(*, kind: str, name: str, by: Any) -> None:
    """Resume a queue or model. Raises ``InvalidPause``, and ``NotPaused`` where it runs."""
    stored = pause_name(kind, name)
    pause = Pause.objects.filter(kind=kind, name=stored).first()
    if pause is None or not Pause.objects.filter(pk=pause.pk).delete()[0]:
        raise NotPaused(f"{kind} {stored}")
    _log("resume", "is resumed", pause, by)


def pause_name(kind: str, name: str) -> str:
    """The name as it is stored. Raises ``InvalidPause``, which says what is accepted."""
    if kind == Pause.Kind.MODEL:
        try:
            return normalise_model(ModelName().parse(name))
        except Refused as refused:
            raise InvalidPause(name, str(refused.accepted)) from refused
    queues = queue_names()
    if kind != Pause.Kind.QUEUE or name not in queues:
        raise InvalidPause(name, ", ".join(queues))
    return name


def queue_names() -> list[str]:
    """The queues of all registered task types."""
    types = [kind.name for kind in task_types.registered()]
    return [queue_name(name, priority) for name in types for priority in PRIORITIES]


def _log(action: str, what: str, pause: Pause, by: Any) -> None:
    """To the log, and for a user to the admin's history too."""
    who = by.get_username() if by else "the command line"
    facts = {"action": action, "kind": pause.kind, "paused": pause.name, "reason": pause.reason}
    logger.warning("%s %s by %s: %s", pause, what, who, pause.reason, extra={**facts, "by": who})
    if by:
        flag = ADDITION if action == "pause" else DELETION
        LogEntry.objects.log_actions(by.pk, [pause], flag, pause.reason, single_object=True)
