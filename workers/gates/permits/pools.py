"""A pool's row under its lock, and how many of its permits are held. The SQL of permits.

A permit is held by a running run while its lease lasts, and for ``RESERVED_FOR`` by a queued run
that was woken to take it: its message is on the way.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from llmconfig.values.model_names import normalise_model
from workers import task_types
from workers.gates.models import PermitPool
from workers.gates.permits.learning import Knowledge
from workers.gates.permits.limits import knowledge_of, stated_limit
from workers.runs.claims import RESERVED_FOR
from workers.runs.models import Attempt, TaskRun
from workers.runs.obstacles import Obstacle

_POOL = PermitPool._meta.db_table
_RUN = TaskRun._meta.db_table
_ATTEMPT = Attempt._meta.db_table

_FIELDS = ("id", "learned", "stated", "ceiling", "longest_seconds")
# names of our own tables
_LOCK = f"""
SELECT {", ".join(_FIELDS)} FROM {_POOL} WHERE host = %s AND model = %s FOR UPDATE
"""  # noqa: S608
_COUNT = f"""
SELECT count(*) FILTER (WHERE status = 'running' AND lease_expires_at > now()) AS open,
       count(*) FILTER (
           WHERE status = 'queued' AND published_at > now() - make_interval(secs => %(reserved)s)
       ) AS reserved
FROM {_RUN} WHERE permit_id = %(pool)s AND id IS DISTINCT FROM %(run)s
"""  # noqa: S608
_IS_WAITED_FOR = f"""
EXISTS (SELECT FROM {_RUN} AS w WHERE w.parked_on = %(obstacle)s AND w.status = 'retrying')
"""
# Those that could be woken now, as in `workers.gates.permits.handing_on`.
_IS_AHEAD = f"""
EXISTS (
    SELECT FROM {_RUN} AS w
    WHERE w.parked_on = %(obstacle)s AND w.status = 'retrying' AND w.deadline > now()
      AND (w.priority > taker.priority
           OR w.priority = taker.priority AND w.created_at < taker.created_at)
      AND w.task_type = ANY(%(task_types)s)
      AND NOT EXISTS (
          SELECT FROM {_RUN} AS late
          WHERE late.permit_id = %(pool)s AND late.queue = w.queue AND late.status = 'queued'
            AND late.published_at <= now() - make_interval(secs => %(reserved)s)
      )
)
"""  # noqa: S608
_TAKE = f"""
UPDATE {_RUN} AS taker SET permit_id = %(pool)s, token_at = NULL
FROM ({_COUNT}) AS held
WHERE taker.id = %(run)s AND taker.claim_token = %(token)s AND taker.status = 'running'
  AND held.open + held.reserved < %(room)s
  AND (taker.permit_id = %(pool)s OR NOT {_IS_AHEAD})
RETURNING held.open, (SELECT coalesce(max(id), 0) FROM {_ATTEMPT}), {_IS_WAITED_FOR}
"""  # noqa: S608
_GIVE_BACK = f"UPDATE {_RUN} SET permit_id = NULL WHERE id = %s AND claim_token = %s"  # noqa: S608


@dataclass(frozen=True, kw_only=True)
class Pool:
    """One (host, model) as its row has it; the model by its normalised name."""

    id: int
    host: str
    model: str
    known: Knowledge


@dataclass(frozen=True, kw_only=True)
class Held:
    """How many permits of a pool are held."""

    open: int
    reserved: int


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A permit that a run has got, and what was to be seen then."""

    #: Attempts of others that were open.
    open: int
    #: The attempt that had been written last, of all that there are.
    newest_attempt: int
    is_waited_for: bool


def pool_lock(host: str, model: str) -> Pool:
    """The pool, made where it is missing, locked until the transaction ends."""
    name = normalise_model(model)
    row = _locked(host, name)
    if row is None:
        PermitPool.objects.bulk_create([PermitPool(host=host, model=name)], ignore_conflicts=True)
        row = _locked(host, name)
    assert row is not None, "pools are never deleted"  # noqa: S101
    return Pool(id=row.pk, host=host, model=name, known=knowledge_of(row))


def held_count(pool: Pool) -> Held:
    """Count the permits that are held. Under the lock it stays true until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"reserved": RESERVED_FOR.seconds, "pool": pool.id, "run": None})
        opened, reserved = cursor.fetchone()
    return Held(open=opened, reserved=reserved)


def permit_give(pool: Pool, room: int, run_id: UUID, token: UUID) -> Taken | None:
    """Have the run hold a permit under its claim, if fewer than ``room`` are held by others.

    A run that holds no reservation leaves a free permit to those that wait and come before it:
    normal ones before low ones, then the oldest. None: no permit is to be had, or the claim was
    lost. The pool is locked.
    """
    facts: dict[str, Any] = {
        "reserved": RESERVED_FOR.seconds,
        "pool": pool.id,
        "run": run_id,
        "token": token,
        "room": room,
        "obstacle": str(Obstacle.permit(pool.host, pool.model)),
        "task_types": [kind.name for kind in task_types.registered()],
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, facts)
        row = cursor.fetchone()
    return row and Taken(open=row[0], newest_attempt=row[1], is_waited_for=row[2])


def permit_give_back(run_id: UUID, token: UUID) -> None:
    """Have the run hold no permit; its claim goes on."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, [run_id, token])


def is_waited_for(host: str, model: str) -> bool:
    """Whether runs wait for a permit of this (host, model)."""
    with connection.cursor() as cursor:
        obstacle = str(Obstacle.permit(host, model))
        cursor.execute(f"SELECT {_IS_WAITED_FOR}", {"obstacle": obstacle})
        return bool(cursor.fetchone()[0])


def knowledge_store(pool: Pool, known: Knowledge) -> None:
    """Write what is known now; the pool is locked."""
    PermitPool(
        pk=pool.id,
        host=pool.host,
        model=pool.model,
        learned=known.limit,
        stated=stated_limit(),
        ceiling=known.ceiling,
        longest_seconds=known.longest_seconds,
    ).save(force_update=True)


def _locked(host: str, model: str) -> PermitPool | None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [host, model])
        row = cursor.fetchone()
    return None if row is None else PermitPool(**dict(zip(_FIELDS, row, strict=True)))
