"""Rollback of rows to a version, or of everything to a moment.

A rollback is a change like others: it is checked by today's policy, counts versions up and is
recorded. Nobody else writes a preference or tier while one runs, two run one after the other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable

from llmconfig.history.plan import plan_at, plan_in, plan_of
from llmconfig.history.states import AnyModel, last_version, versions_now
from llmconfig.history.steps import Plan, Step
from llmconfig.store.edit_conflicts import conflicts_translated
from llmconfig.store.scope_lock import rows_lock
from llmconfig.store.scopes import Scope
from llmconfig.tables.authorship import authored
from llmconfig.tables.models import Preference, Tier
from llmconfig.values.errors import EditConflict, LLMConfigError, RollbackRefused
from llmconfig.values.messages import gettext_noop
from llmconfig.values.places import RowVersion

LOCK_TIMEOUT_SECONDS = 10
#: How often a rollback of everything is planned while others save, the last time alone.
PLANS = 3


def row_rollback(
    *,
    model: AnyModel,
    row_id: int,
    to_version: int,
    by: AbstractBaseUser | None,
    expected_version: int | None = None,
    source: str | None = None,
    reason: str | None = None,
) -> Plan:
    """Return one preference or tier; one that was deleted is made again under its number.

    Nothing is written where it is so already, and the plan has no step then. ``plan_of`` shows what
    would be done. Raises ``UnknownVersion``, ``RollbackRefused`` (user or group deleted),
    ``EditConflict`` (changed since ``expected_version``, or its scope is taken),
    ``ModelNotAllowed``, ``FallbackSameAsModel``, ``UnknownTaskType``, ``InvalidPreference``.
    """
    with _alone(by, source, reason, f"rollback to v{to_version}"):
        plan = plan_of(model, row_id, to_version)
        for step in (*plan.steps, *(each.step for each in plan.refused)):
            _version_check(step, expected_version)
        for refused in plan.refused:
            raise refused.error
        _apply(plan, by)
    return plan


def document_rollback(
    *,
    scope: Scope,
    row_id: int,
    to_version: int,
    by: AbstractBaseUser | None,
    source: str | None = None,
    reason: str | None = None,
) -> Plan:
    """Have a document state again what ``preference 12 v3`` stated, for that row's task type.

    The row that states something for it now, if it is another one, is removed. Whoever writes the
    same document waits; others do not. Raises ``UnknownVersion`` (also where the row is another
    document's), ``RollbackRefused``, ``ModelNotAllowed``, ``FallbackSameAsModel``,
    ``EditConflict``, ``InvalidPreference`` (the reason).
    """
    note = f"rollback to {RowVersion(row_id, to_version).place}"
    author = authored(by=by, source=source, reason=reason, note=note)
    with author, conflicts_translated(), transaction.atomic():
        rows_lock(scope)
        plan = plan_in(scope, row_id, to_version)
        for refused in plan.refused:
            raise _refusal(refused.error)
        _apply(plan, by)
    return plan


def _refusal(error: LLMConfigError) -> LLMConfigError:
    """What is stored and no longer valid is no mistake of whoever asks for it."""
    return error if error.status == RollbackRefused.status else RollbackRefused(error.message)


def everything_rollback(
    *,
    moment: datetime,
    by: AbstractBaseUser | None,
    skip_refused: bool = False,
    source: str | None = None,
    reason: str | None = None,
) -> Plan:
    """Return all preferences and tiers to an (aware) moment; what has been done.

    Rows made since are removed, deleted ones are made again under their numbers. ``plan_at`` shows
    what would be done. Raises ``RollbackRefused`` with every row that cannot return, unless these
    are skipped: then they stay as they are, and the plan names them.
    """
    note = f"rollback to {moment.isoformat(timespec='seconds')}"
    for tries_left in reversed(range(PLANS)):
        # The whole history is read before the tables are locked; what was saved in between is
        # seen by the versions. Where there is always something, the last plan is made alone.
        versions, plan = versions_now(), plan_at(moment) if tries_left else None
        with _alone(by, source, reason, note):
            if plan is None or versions_now() == versions:
                plan = plan or plan_at(moment)
                _refusals_check(plan, skip_refused=skip_refused)
                _apply(plan, by)
                return plan
    raise AssertionError("the last plan is made alone")


def _refusals_check(plan: Plan, *, skip_refused: bool) -> None:
    if plan.refused and not skip_refused:
        text = gettext_noop("Nothing was changed: some rows cannot return to what they were.")
        raise RollbackRefused(text, refusals=plan.refusals)


@contextmanager
def _alone(
    by: AbstractBaseUser | None, source: str | None, reason: str | None, note: str
) -> Iterator[None]:
    """A transaction in which nobody else writes preferences or tiers; reading goes on."""
    author = authored(by=by, source=source, reason=reason, note=note)
    with author, conflicts_translated(), _waiting_translated(), transaction.atomic():
        tables = ", ".join(
            connection.ops.quote_name(model._meta.db_table) for model in (Preference, Tier)
        )
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'")
            # Also waits for those who have locked a row and not written it yet.
            cursor.execute(f"LOCK TABLE {tables} IN EXCLUSIVE MODE")
        yield


@contextmanager
def _waiting_translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
            raise EditConflict.busy() from error
        raise


def _version_check(step: Step, expected: int | None) -> None:
    if expected is None or step.version == expected:
        return
    if step.version is None:
        raise EditConflict.deleted(step.name)
    raise EditConflict.changed(step.name, expected, step.version)


def _apply(plan: Plan, by: AbstractBaseUser | None) -> None:
    """Who leaves a place goes before who comes there; in a circle one is made again."""
    for step in plan.steps:
        if step.after is None:
            _remove(step)
    waiting = [step for step in plan.steps if step.after is not None]
    removed: set[str] = set()
    while waiting:
        held = {place: s.name for s in waiting if s.name not in removed for place in s.held_places}
        free = [s for s in waiting if all(held.get(p, s.name) == s.name for p in s.places)]
        for step in free:
            _store(step, by, made_again=step.before is None or step.name in removed)
        waiting = [step for step in waiting if step not in free]
        if not free:
            first = next(step for step in waiting if step.before and step.name not in removed)
            _remove(first)
            removed.add(first.name)


def _remove(step: Step) -> None:
    step.model.objects.get(pk=step.row_id).delete()


def _store(step: Step, by: AbstractBaseUser | None, *, made_again: bool) -> None:
    row = step.row(made_again=made_again)
    if made_again:
        row.version = last_version(step.model, step.row_id) + 1
    if isinstance(row, Preference):
        row.updated_by = by  # type: ignore[assignment]  # the project's user model
    # A row that stays keeps the moment of its creation, which its record does not have.
    columns = {field.name for field in row._meta.concrete_fields} - {"id", "created_at"}
    row.save(force_insert=made_again, update_fields=None if made_again else columns)
