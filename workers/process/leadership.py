"""Leader election among workers: a lease in a row, by the database's clock.

No advisory lock of a session: through PgBouncer, in transaction mode, there are no sessions, and a
lock would stay with a connection that others use. Every ``ASK_SECONDS`` the leader renews its lease
and the others ask. Two may lead for a moment, where one hangs for longer than its lease: what they
do must bear that.
"""

import time
import uuid

from django.db import connection

from workers.process.models import Leader

LEASE_SECONDS = 3.0
ASK_SECONDS = 1.0

_TABLE = Leader._meta.db_table
# the name of our own table; who follows writes and locks nothing
_TAKE = f"""
INSERT INTO {_TABLE} AS stored (role, holder, lease_expires_at)
SELECT %(role)s, %(holder)s::uuid, now() + make_interval(secs => %(seconds)s)
WHERE NOT EXISTS (
    SELECT FROM {_TABLE}
    WHERE role = %(role)s AND holder <> %(holder)s::uuid AND lease_expires_at >= now()
)
ON CONFLICT (role) DO UPDATE
SET holder = excluded.holder, lease_expires_at = excluded.lease_expires_at
WHERE stored.holder = excluded.holder OR stored.lease_expires_at < now()
"""  # noqa: S608


class Leadership:
    """One thread's share in a role."""

    def __init__(self, role: str) -> None:
        self._role = role
        self._holder = uuid.uuid4()
        self._leads = False
        self._ask_at = 0.0

    def take(self) -> bool:
        """Whether this one leads: it takes the lease that is free, or renews its own."""
        if time.monotonic() < self._ask_at:
            return self._leads
        self._ask_at = time.monotonic() + ASK_SECONDS
        self._leads = False
        facts: dict[str, str | float] = {
            "role": self._role,
            "holder": str(self._holder),
            "seconds": LEASE_SECONDS,
        }
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, facts)
            self._leads = cursor.rowcount == 1
        return self._leads

    def release(self) -> None:
        """Let another lead at once."""
        if self._leads:
            self._leads = False
            Leader.objects.filter(role=self._role, holder=self._holder).delete()
