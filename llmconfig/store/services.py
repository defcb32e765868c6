"""Writes: the only way in which preferences and tiers change.

Everything is validated by the field table, and models by policy, before it is stored; each change
counts the row's version up and is recorded with ``by``, ``source`` and ``reason``.
``expected_version`` is the one that a form was opened with; None where nobody has seen the row
before. ``source`` is a word of ``llmconfig.tables.authorship``; None: where the request comes
from. A ``reason`` has at most 100 characters.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from llmconfig.database.conflicts import conflicts_retried
from llmconfig.store.documents import document_of, document_parse
from llmconfig.store.edit_conflicts import conflicts_translated, row_lock
from llmconfig.store.row_check import row_check
from llmconfig.store.scope_lock import rows_lock, scope_lock
from llmconfig.store.scopes import Scope
from llmconfig.tables.authorship import authored
from llmconfig.tables.models import Preference, Tier
from llmconfig.values.fields import FIELDS, PARAMETERS_KEY


def preference_save(
    *,
    preference: Preference,
    by: AbstractBaseUser | None,
    expected_version: int | None = None,
    source: str | None = None,
    reason: str | None = None,
) -> Preference:
    """Validate and store one row.

    Raises Django's ``ValidationError``, ``UnknownTaskType``, ``ModelNotAllowed``,
    ``FallbackSameAsModel``, ``InvalidPreference`` (the reason), and ``EditConflict`` where the row
    has changed or gone, or another has its scope: nothing is stored then.
    """
    with _unit(by, source, reason):
        scope_lock(Scope.of(preference))
        if preference.pk:
            row_lock(preference, expected_version=expected_version)
        return _store(preference, by)


def preference_delete(
    *,
    preference: Preference,
    by: AbstractBaseUser | None,
    expected_version: int | None = None,
    source: str | None = None,
    reason: str | None = None,
) -> None:
    """Remove one row; its scope inherits again. Raises ``EditConflict``, ``InvalidPreference``."""
    with _unit(by, source, reason):
        scope_lock(Scope.of(preference))
        row_lock(preference, expected_version=expected_version)
        preference.delete()


def tier_save(
    *,
    tier: Tier,
    by: AbstractBaseUser | None,
    expected_version: int | None = None,
    source: str | None = None,
    reason: str | None = None,
) -> Tier:
    """Validate and store rank and allow-list of one group.

    Raises ``ValidationError``, ``InvalidPreference``, ``EditConflict`` as ``preference_save``.
    """
    with _unit(by, source, reason):
        if tier.pk:
            row_lock(tier, expected_version=expected_version)
        else:
            tier.version = 1
        row_check(tier)
        tier.save()
        return tier


def tier_delete(
    *,
    tier: Tier,
    by: AbstractBaseUser | None,
    expected_version: int | None = None,
    source: str | None = None,
    reason: str | None = None,
) -> None:
    """Remove rank and allow-list; the group and its preferences stay. Raises as
    ``preference_delete``."""
    with _unit(by, source, reason):
        row_lock(tier, expected_version=expected_version)
        tier.delete()


@conflicts_retried
def preferences_change(
    *,
    scope: Scope,
    change: Callable[[Mapping[str, Any]], object],
    by: AbstractBaseUser | None,
    source: str | None = None,
    reason: str | None = None,
) -> None:
    """Replace what one scope states by what ``change`` makes of its document.

    Rows that stay as they are keep their version. Raises ``InvalidPreference``,
    ``ModelNotAllowed``, ``FallbackSameAsModel``, ``EditConflict`` (user or group deleted).
    """
    with _unit(by, source, reason):
        stored = rows_lock(scope)
        wanted = document_parse(change(document_of(stored, scope)), scope)
        rows = {row.task_type: row for row in stored}
        for task_type in scope.task_types:
            row = rows.get(task_type) or Preference(**{**scope.columns, "task_type": task_type})
            _row_write(row, wanted.get(task_type, {}), by)


@conflicts_retried
def preferences_reset(
    *,
    scope: Scope,
    by: AbstractBaseUser | None,
    source: str | None = None,
    reason: str | None = None,
) -> None:
    """Remove all that one scope states, also for task types that are registered no more.

    Raises ``EditConflict``, ``InvalidPreference`` (the reason).
    """
    with _unit(by, source, reason):
        for row in rows_lock(scope):
            row.delete()


@contextmanager
def _unit(by: AbstractBaseUser | None, source: str | None, reason: str | None) -> Iterator[None]:
    with (
        authored(by=by, source=source, reason=reason),
        conflicts_translated(),
        transaction.atomic(),
    ):
        yield


def _store(preference: Preference, by: AbstractBaseUser | None) -> Preference:
    if not preference.pk:
        preference.version = 1
    row_check(preference)
    preference.updated_by = by  # type: ignore[assignment]  # the project's user model
    preference.save()
    return preference


def _row_write(row: Preference, values: Mapping[str, Any], by: AbstractBaseUser | None) -> None:
    """Have the row, which may be stored already, state the values; none: no row."""
    if values == (row.stated() if row.pk else {}):
        return
    if not values:
        row.delete()
        return
    for name in FIELDS:
        setattr(row, name, values.get(name))
    row.parameters = values.get(PARAMETERS_KEY, {})
    _store(row, by)
