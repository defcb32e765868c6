"""The permit that a delivery holds."""

from workers.gates.models import PermitPool
from workers.gates.permits.handing_on import permits_hand_on
from workers.gates.permits.learning import probes
from workers.gates.permits.pools import permit_give_back
from workers.gates.permits.taking import Permit
from workers.runs.claims import Claim


class HeldPermit:
    """One at a time; what is given up is handed on. The row says who holds it, not this object.

    ``reserved``: the pool whose permit the run was woken to take, if it was.
    """

    def __init__(self, reserved: int | None) -> None:
        self._reserved = reserved
        self.permit: Permit | None = None

    def replace(self, permit: Permit | None) -> None:
        """Hold this permit from now on, or none. Call it after the commit that says so."""
        before, self.permit = self.permit, permit
        if permit is not None:
            self._reserved = None if self._reserved == permit.pool.id else self._reserved
            if permit.is_waited_for and probes(permit.pool.known):
                # The next is tried beside it.
                permits_hand_on(permit.pool.host, permit.pool.model)
        if before is not None and (permit is None or permit.pool.id != before.pool.id):
            permits_hand_on(before.pool.host, before.pool.model)

    def give_back(self, claim: Claim) -> None:
        """Hold none from now on, although the claim goes on. Where no run waited for it, it is
        given back with the claim, which takes no statement."""
        if self.permit is not None and self.permit.is_waited_for:
            permit_give_back(claim.run_id, claim.token)
            self.replace(None)

    def end(self) -> None:
        """The delivery is over, and the claim with it."""
        self.replace(None)
        if self._reserved is not None:
            row = PermitPool.objects.filter(pk=self._reserved).first()
            if row is not None:
                permits_hand_on(row.host, row.model)
