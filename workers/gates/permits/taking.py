"""Admission of one attempt: it takes a permit, or its run waits for one."""

from dataclasses import dataclass

from django.db import transaction

from workers.gates.permits.learning import may_probe, probes
from workers.gates.permits.pools import Pool, permit_give, pool_lock
from workers.runs.claims import Claim


@dataclass(frozen=True, kw_only=True)
class Permit:
    """The right to have one attempt open, as long as the claim of its run lasts."""

    pool: Pool
    #: Attempts that were open when it was taken, this one included.
    open_at_once: int
    #: The attempt that had been written last: those after it ended later.
    newest_attempt: int
    #: Whether other runs waited for one.
    is_waited_for: bool


def permit_take(
    claim: Claim,
    host: str,
    model: str,
    *,
    timeout_seconds: float,
    first_token_timeout_seconds: float | None,
) -> Permit | None:
    """Take a permit of a (host, model), in place of one that the run may hold; None: none is free.

    The limits, in seconds, are the attempt's: where the number of permits is learned, one that
    outlasts a wait in the server's queue may be tried beyond the known number.
    """
    with transaction.atomic(savepoint=False):
        pool = pool_lock(host, model)
        outlasts = may_probe(
            pool.known,
            timeout_seconds=timeout_seconds,
            first_token_timeout_seconds=first_token_timeout_seconds,
        )
        room = pool.known.limit + (probes(pool.known) if outlasts else 0)
        taken = permit_give(pool, room, claim.run_id, claim.token)
    if taken is None:
        return None
    return Permit(
        pool=pool,
        open_at_once=taken.open + 1,
        newest_attempt=taken.newest_attempt,
        is_waited_for=taken.is_waited_for,
    )
