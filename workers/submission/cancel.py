"""Cancelling a run, and with it the runs that are part of it.

The row ends at once, whatever message is still on a broker: no worker can claim it. A worker that
holds it notices within half a second, closes its connection to the model server and is free.
"""

import logging
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from llmconfig.database.conflicts import conflicts_retried
from workers.runs.endings import run_end
from workers.runs.errors import RunFinished, UnknownRun
from workers.runs.models import TaskRun
from workers.runs.states import FINAL, OPEN, Status

logger = logging.getLogger(__name__)


@conflicts_retried
@transaction.atomic
def run_cancel(run: TaskRun, by: Any) -> TaskRun:
    """Cancel an open run and its open children; the run as it is now. ``by`` is a user, or None.

    Cancelling a cancelled run changes nothing. Raises ``RunFinished`` when the run ended otherwise
    or its deadline has passed, ``UnknownRun`` when it is gone.
    """
    # A parent is locked before its children, by whoever locks both.
    found = TaskRun.objects.select_for_update().filter(pk=run.pk).first()
    if found is None:
        raise UnknownRun
    if found.status == Status.CANCELLED:
        return found
    status = found.status_at(timezone.now())
    if status in FINAL:
        raise RunFinished(status)
    family = TaskRun.objects.filter(pk__in=_family(found.pk), status__in=OPEN)
    for member in family.select_for_update().order_by("pk").prefetch_related("attempts"):
        run_end(member, Status.CANCELLED, "cancelled")
        ids = {"action": "cancel", "run_id": str(member.pk), "by": getattr(by, "pk", None)}
        logger.info("Run %s is cancelled by user %s", member.pk, ids["by"], extra=ids)
    found.refresh_from_db()
    return found


def _family(run_id: UUID) -> list[UUID]:
    """The run and all its descendants."""
    found, generation = [run_id], [run_id]
    while generation:
        children = TaskRun.objects.filter(parent__in=generation)
        generation = list(children.values_list("pk", flat=True))
        found += generation
    return found
