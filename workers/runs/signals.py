"""Signals of the record, for rooms above it: runs changed, a run ended, leases were lost. The
record knows none of its listeners.

All are sent inside of the transaction that writes; a listener that acts beyond the database waits
for ``transaction.on_commit``.
"""

from uuid import UUID

from django.dispatch import Signal

#: Rows of runs, or their attempts, were written. ``run_ids``: their primary keys.
runs_changed = Signal()
#: A run got its final state. ``run``, ``status``.
run_ended = Signal()
#: Runs were taken from workers that stopped renewing their leases. ``count``.
leases_lost = Signal()


def changed(*run_ids: UUID) -> None:
    """Report that the rows of these runs changed."""
    if run_ids:
        runs_changed.send(sender=None, run_ids=run_ids)
