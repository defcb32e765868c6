"""Who may work on a run: a claim with a lease, and a token that fences every write.

A delivery claims its run before it works. The lease is renewed while it works; a worker that dies
stops renewing, the lease runs out, and the next delivery may claim. Whoever lost the claim can
write nothing: each write names the token. All times are the database's.
"""

import logging
import threading
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from workers.models import TaskRun
from workers.states import Status

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
RENEW_EVERY_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to work on one run. ``lost`` is set when somebody else has it."""

    run_id: uuid.UUID
    token: uuid.UUID
    lost: threading.Event = field(default_factory=threading.Event)


def claim_take(run_id: uuid.UUID) -> Claim | None:
    """Claim a run that waits, or whose worker stopped renewing; None when it is not to be had."""
    claim = Claim(run_id=run_id, token=uuid.uuid4())
    # A queued row was published because it was due, by whatever clock.
    free = (
        Q(status=Status.QUEUED)
        | Q(status__in=(Status.PENDING, Status.RETRYING), available_at__lte=Now())
        | Q(status=Status.RUNNING, lease_expires_at__lt=Now())
    )
    taken = TaskRun.objects.filter(free, pk=run_id).update(
        status=Status.RUNNING,
        claim_token=claim.token,
        lease_expires_at=Now() + LEASE,
        deliveries=F("deliveries") + 1,
        started_at=Coalesce("started_at", Now()),
        parked_on="",
    )
    if not taken:
        return None
    _renewer.add(claim)
    return claim


def claim_end(claim: Claim, *, status: Status, **fields: Any) -> bool:
    """Write a state under the claim and give it up. False: the claim was lost, nothing written."""
    _renewer.remove(claim)
    written = TaskRun.objects.filter(
        pk=claim.run_id, status=Status.RUNNING, claim_token=claim.token
    ).update(status=status, claim_token=None, lease_expires_at=None, **fields)
    return bool(written)


def claim_holds(claim: Claim) -> bool:
    """Whether the claim is still ours; it stays so until the surrounding transaction ends."""
    ours = TaskRun.objects.filter(pk=claim.run_id, status=Status.RUNNING, claim_token=claim.token)
    return ours.select_for_update().values_list("pk", flat=True).first() is not None


class _Renewer:
    """One thread per process that renews every lease held here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[uuid.UUID, Claim] = {}
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()

    def add(self, claim: Claim) -> None:
        with self._lock:
            self._held[claim.token] = claim
            # A forked child inherits the object, not the thread.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
                self._thread.start()

    def remove(self, claim: Claim) -> None:
        with self._lock:
            self._held.pop(claim.token, None)

    def _run(self) -> None:
        while not self._wake.wait(RENEW_EVERY_SECONDS):
            try:
                self.renew()
            except Exception:
                logger.warning("Leases could not be renewed; trying again", exc_info=True)
            finally:
                connection.close()

    def renew(self) -> None:
        """Renew what is held; mark as lost what is not ours any more."""
        with self._lock:
            held = dict(self._held)
        if not held:
            return
        rows = TaskRun.objects.filter(claim_token__in=list(held), status=Status.RUNNING)
        rows.update(lease_expires_at=Now() + LEASE)
        ours = set(rows.values_list("claim_token", flat=True))
        for token in held.keys() - ours:
            held[token].lost.set()


_renewer = _Renewer()
