"""Reads of permits: how many there are, their holders, and how many runs wait."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.db.models.functions import Now

from workers.gates.models import PermitPool
from workers.gates.permits.limits import knowledge_of, stated_limit
from workers.runs.claims import RESERVED_FOR
from workers.runs.models import TaskRun
from workers.runs.obstacles import Kind, Obstacle
from workers.runs.states import Status


@dataclass(frozen=True, kw_only=True)
class PoolState:
    """One (host, model) at this moment."""

    host: str
    model: str
    permits: int
    #: What the settings state; None: the number is learned.
    stated: int | None
    held: int
    waiting: int
    #: The smallest number of attempts at once of which one waited in the server's own queue.
    queued_at: int | None

    @property
    def is_overstated(self) -> bool:
        """Whether the server was seen to work on fewer than the settings state."""
        return self.stated is not None and self.permits < self.stated


def pool_states(host: str | None = None) -> list[PoolState]:
    """All pools, or those of a host, in three queries."""
    rows = PermitPool.objects.filter(**({"host": host} if host is not None else {}))
    running = Q(status=Status.RUNNING, lease_expires_at__gt=Now())
    reserved = Q(status=Status.QUEUED, published_at__gt=Now() - RESERVED_FOR)
    holders = TaskRun.objects.filter(running | reserved, permit__isnull=False).order_by()
    held = dict(holders.values_list("permit_id").annotate(Count("pk")))
    parked = TaskRun.objects.filter(
        status=Status.RETRYING, parked_on__startswith=f"{Kind.PERMIT} ", deadline__gt=Now()
    ).order_by()
    waiting = dict(parked.values_list("parked_on").annotate(Count("pk")))
    return [_state(row, held, waiting) for row in rows]


def _state(row: PermitPool, held: dict[int, int], waiting: dict[str, int]) -> PoolState:
    known = knowledge_of(row)
    return PoolState(
        host=row.host,
        model=row.model,
        permits=known.limit,
        stated=stated_limit(),
        held=held.get(row.pk, 0),
        waiting=waiting.get(str(Obstacle.permit(row.host, row.model)), 0),
        queued_at=known.ceiling,
    )
