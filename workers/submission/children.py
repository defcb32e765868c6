"""Work in parts: a run waits in its row while runs of its own, its children, do a part each.

The parent and what it waits for are written in one transaction: it is parked, without a message or
a slot, and its children wait to be worked on with its configuration, queue and deadline. When the
last child has ended well, or the first has not, the parent is released
(`workers.submission.parents`); a worker then finds what the children wrote, and goes on. Parts of
parts are children of the same parent, one round later.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from llmconfig.database.conflicts import conflicts_retried
from workers.messaging import header
from workers.messaging.bulk_publish import runs_publish
from workers.runs.bulk_insert import rows_copy
from workers.runs.claims import Claim, claim_end, claim_holds
from workers.runs.errors import RunFinished, UnknownRun
from workers.runs.models import TaskRun
from workers.runs.obstacles import Kind, Obstacle
from workers.runs.states import FINAL, OPEN, Status
from workers.submission.cancel import run_cancel
from workers.submission.enqueue import run_build
from workers.task_types.preparation import Division, Refused

#: What the payload of each child says besides its own: which of how many it is, in which round.
PART, PARTS, ROUND = "part", "parts", "round"


@dataclass(frozen=True, kw_only=True)
class Round:
    """The children of the latest round. Rounds count from 1; 0: the run has no children."""

    number: int
    children: list[TaskRun]

    @property
    def is_open(self) -> bool:
        return any(child.status in OPEN for child in self.children)


@conflicts_retried
@transaction.atomic
def run_divide(claim: Claim, run: TaskRun, division: Division) -> bool:
    """Have the run wait for its parts, the new ones among them. False: the claim was lost."""
    if not claim_holds(claim):
        return False
    count = len(division.payloads)
    children = [
        _child(run, {**payload, PART: number, PARTS: count, ROUND: division.round})
        for number, payload in enumerate(division.payloads, start=1)
    ]
    rows_copy(children)
    transaction.on_commit(lambda: runs_publish(children), robust=True)
    obstacle = Obstacle(Kind.PARTS, (str(division.round),))
    return claim_end(claim, status=Status.RETRYING, parked_on=str(obstacle))


def round_of(run: TaskRun) -> Round:
    """The parts that the run waited for last. Raises ``Refused`` where one of them ended badly:
    what is made of the others would be silent on it. The others are cancelled first."""
    children = sorted(TaskRun.objects.filter(parent=run.pk), key=_place)
    if failed := [child for child in children if _has_failed(child)]:
        for child in children:
            _cancel(child)
        raise Refused("part_failed", _why(min(failed, key=_gravity)))
    latest = max((child.payload[ROUND] for child in children), default=0)
    return Round(
        number=latest, children=[each for each in children if each.payload[ROUND] == latest]
    )


def _child(run: TaskRun, payload: Any) -> TaskRun:
    child = run_build(
        task_type=run.task_type,
        payload=payload,
        user_id=run.user_id,
        config=header.config_of(run.llm_config),
        available_at=timezone.now(),
        priority=run.priority,
        parent_id=run.pk,
    )
    child.queue, child.deadline = run.queue, run.deadline
    child.llm_config["deadline"] = run.deadline.isoformat()
    return child


def _has_failed(child: TaskRun) -> bool:
    return child.status_at(timezone.now()) in FINAL and child.status != Status.SUCCEEDED


def _cancel(child: TaskRun) -> None:
    try:
        run_cancel(child, by=None)
    except (RunFinished, UnknownRun):
        return


def _why(child: TaskRun) -> str:
    facts = {
        "part": child.payload.get(PART),
        "parts": child.payload.get(PARTS),
        "status": child.status_at(timezone.now()),
        "detail": (child.error or {}).get("detail", ""),
    }
    return _("Part %(part)s of %(parts)s ended without a result: %(status)s. %(detail)s") % facts


def _gravity(child: TaskRun) -> tuple[bool, Any]:
    """The first that failed; those that were cancelled for it say nothing of why."""
    return child.status == Status.CANCELLED, child.finished_at or child.deadline


def _place(child: TaskRun) -> tuple[int, int]:
    return child.payload[ROUND], child.payload[PART]
