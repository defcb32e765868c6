"""Quota of active runs of one user (``API_MAX_ACTIVE_RUNS``), for what the API accepts.

Counted in the transaction that stores the runs, under a lock of the user's own, so that no number
of requests at once gets past it; and in PostgreSQL alone, so that it holds while Redis is away.
Runs past their deadline do not count: they read as ended. Nor do parts of runs: nobody asked for
them.
"""

import sys
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from workers.runs.errors import TooManyActiveRuns
from workers.runs.models import TaskRun
from workers.runs.states import OPEN


def room_left(user_id: Any, *, is_locked: bool = False) -> int:
    """How many more runs the user may have. It stays true until the transaction ends.

    ``is_locked``: this transaction has called ``user_lock`` already.
    """
    most = settings.API_MAX_ACTIVE_RUNS
    if not most or user_id is None:
        return sys.maxsize
    if not is_locked:
        user_lock(user_id)
    active = TaskRun.objects.filter(user=user_id, status__in=OPEN, deadline__gt=Now(), parent=None)
    return int(most) - active.count()


def room_require(user_id: Any, *, is_locked: bool = False) -> None:
    """Raises ``TooManyActiveRuns`` where not one more run fits."""
    if room_left(user_id, is_locked=is_locked) < 1:
        raise TooManyActiveRuns


def user_lock(user_id: Any) -> None:
    """Requests that add runs of one user come one after the other, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"runs of {user_id}"]
        )
