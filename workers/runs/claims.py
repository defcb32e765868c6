"""Claims: a lease on a run, and a fencing token that every write names.

A delivery claims its run before it works. The lease is renewed while it works
(`workers.execution.leases`); a worker that dies stops renewing, and the run is taken from it
(`workers.runs.losses`). A delivery that lost its claim cannot
write: each write names the token. All times are the database's.
"""

import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from llmconfig.database.conflicts import conflicts_retried
from workers.runs.losses import runs_reclaim
from workers.runs.models import TaskRun
from workers.runs.signals import changed
from workers.runs.states import OPEN, Status

LEASE = timedelta(seconds=30)
#: How long a permit is kept for a run that was woken to take it, while its message is on the way.
RESERVED_FOR = timedelta(seconds=2)

# A queued row was published because it was due, by whatever clock. A message that comes too late
# finds its permit with somebody else.
_TAKE = f"""
UPDATE {TaskRun._meta.db_table} SET
    status = 'running',
    claim_token = %(token)s,
    lease_expires_at = statement_timestamp() + make_interval(secs => %(lease)s),
    deliveries = deliveries + 1,
    started_at = coalesce(started_at, statement_timestamp()),
    parked_on = '',
    permit_id = CASE
        WHEN published_at > statement_timestamp() - make_interval(secs => %(reserved)s)
        THEN permit_id
    END
WHERE id = %(run)s AND (
    status = 'queued'
    OR status IN ('pending', 'retrying') AND available_at <= statement_timestamp()
)
"""  # noqa: S608


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to work on one run."""

    run_id: uuid.UUID
    token: uuid.UUID
    #: Set when the work must stop: the run was cancelled or deleted, somebody else has it, or it
    #: is to be handed back.
    lost: threading.Event = field(default_factory=threading.Event)
    #: Set with every token; cleared when its time has been written (`claims_touch`).
    heard: threading.Event = field(default_factory=threading.Event)
    #: Set when the database could not be asked: a lease that runs out then says nothing of us.
    cut_off: threading.Event = field(default_factory=threading.Event)
    #: Set before ``lost`` when the run is to be handed back, because this worker stops.
    handed_back: threading.Event = field(default_factory=threading.Event)

    def hand_back(self) -> None:
        """Have the work stop and the run given to another worker."""
        self.handed_back.set()
        self.lost.set()


@conflicts_retried
def claim_take(run_id: uuid.UUID) -> Claim | None:
    """Claim a run that waits, or whose worker stopped renewing; None when it is not to be had."""
    claim = Claim(run_id=run_id, token=uuid.uuid4())
    if _take(claim):
        return claim
    with transaction.atomic():
        reclaimed = runs_reclaim(TaskRun.objects.filter(pk=run_id))
    return claim if reclaimed and _take(claim) else None


def _take(claim: Claim) -> bool:
    facts: dict[str, Any] = {
        "token": claim.token,
        "run": claim.run_id,
        "lease": LEASE.seconds,
        "reserved": RESERVED_FOR.seconds,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, facts)
        taken = bool(cursor.rowcount)
    if taken:
        changed(claim.run_id)
    return taken


def claim_end(claim: Claim, *, status: Status, **fields: Any) -> bool:
    """Write a state under the claim and give it up. False: the claim was lost, nothing written."""
    ours = TaskRun.objects.filter(
        pk=claim.run_id, status=Status.RUNNING, claim_token=claim.token
    ).update(status=status, claim_token=None, lease_expires_at=None, permit=None, **fields)
    if ours:
        changed(claim.run_id)
    else:
        _uncount_loss(claim)
    return bool(ours)


def claim_release(claim: Claim) -> bool:
    """Give the run back for another worker to take at once. False: the claim was lost."""
    return claim_end(claim, status=Status.RETRYING, available_at=Now(), published_at=None)


def claim_holds(claim: Claim) -> bool:
    """Whether the claim is still ours; it stays so until the surrounding transaction ends."""
    ours = TaskRun.objects.filter(pk=claim.run_id, status=Status.RUNNING, claim_token=claim.token)
    if ours.select_for_update().values_list("pk", flat=True).first() is None:
        _uncount_loss(claim)
        return False
    return True


@conflicts_retried
def claims_renew(claims: Iterable[Claim]) -> None:
    """Give the claims that are still held a whole lease from now on."""
    _rows(claims).update(lease_expires_at=Now() + LEASE)


@conflicts_retried
def claims_touch(claims: Iterable[Claim]) -> None:
    """Note that the runs of these claims have just got a token."""
    _rows(claims).update(token_at=Now())


def claims_held(claims: Iterable[Claim]) -> set[uuid.UUID]:
    """The tokens of those claims that are still held."""
    return {token for token in _rows(claims).values_list("claim_token", flat=True) if token}


def _rows(claims: Iterable[Claim]) -> Any:
    """By primary key first: tokens have no index."""
    listed = list(claims)
    return TaskRun.objects.filter(
        pk__in=[claim.run_id for claim in listed],
        claim_token__in=[claim.token for claim in listed],
        status=Status.RUNNING,
    )


def _uncount_loss(claim: Claim) -> None:
    """Take the loss back where the lease ran out because the database was away: nobody died.

    A run that froze its process, so that nothing was renewed, is a loss although that lives again.
    """
    if not claim.cut_off.is_set():
        return
    TaskRun.objects.filter(pk=claim.run_id, status__in=OPEN, losses__gt=0).update(
        losses=F("losses") - 1
    )
