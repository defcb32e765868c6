"""Writes: the only way in which preferences and tiers change.

Everything is validated by the field table, and models by policy, before it is stored; each change
counts the row's version up and is recorded with ``by``, ``source`` and ``reason``.
``expected_version`` is the one that a form was opened with; None where nobody has seen the row
before. ``source`` is a word of ``llmconfig.history.authorship``; None: where the request comes
from. A ``reason`` has at most 100 characters.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from llmconfig import task_types
from llmconfig.conflicts import conflicts_told, row_lock
from llmconfig.documents import document_parse
from llmconfig.errors import EditConflict
from llmconfig.fields import FIELDS, PARAMETERS_KEY
from llmconfig.history.authorship import authored
from llmconfig.models import Preference, Tier
from llmconfig.row_check import row_check
from llmconfig.selectors import user_preferences


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
        _user_lock(preference.user_id)
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
        _user_lock(preference.user_id)
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


def user_preferences_change(
    *,
    user: AbstractBaseUser,
    change: Callable[[Mapping[str, Any]], object],
    source: str | None = None,
    reason: str | None = None,
) -> None:
    """Replace what the user states by what ``change`` makes of it.

    The document has the fields and ``task_type_configs``; rows that stay as they are keep their
    version. Raises ``InvalidPreference``, ``ModelNotAllowed``, ``FallbackSameAsModel``.
    """
    with _unit(user, source, reason):
        rows = {row.task_type: row for row in user_preferences_lock(user=user)}
        wanted = document_parse(change(user_preferences(user_id=user.pk)))
        for scope in (None, *task_types.names()):
            _scope_write(rows.get(scope), wanted.get(scope, {}), user=user, task_type=scope)


def user_preferences_reset(
    *, user: AbstractBaseUser, source: str | None = None, reason: str | None = None
) -> None:
    """Remove all that the user states, also for task types that are registered no more."""
    with _unit(user, source, reason):
        for row in user_preferences_lock(user=user):
            row.delete()


def user_preferences_lock(*, user: AbstractBaseUser) -> list[Preference]:
    """The user's rows, which no one else changes before the transaction ends.

    The lock leaves foreign keys to the user free, so that runs can be accepted meanwhile.
    """
    _user_lock(user.pk)
    # Even where there is none: a rollback takes the whole table, and no users.
    return list(Preference.objects.select_for_update().filter(user=user.pk))


@contextmanager
def _unit(by: AbstractBaseUser | None, source: str | None, reason: str | None) -> Iterator[None]:
    with authored(by=by, source=source, reason=reason), conflicts_told(), transaction.atomic():
        yield


def _user_lock(user_id: int | None) -> None:
    """All who write rows of one user wait for each other: their rows are read as one document.

    Raises ``EditConflict`` where the user is deleted.
    """
    if user_id is None:
        return
    users = get_user_model()._default_manager.select_for_update(no_key=True)
    if not users.filter(pk=user_id).values_list("pk"):
        raise EditConflict.owner_gone()


def _store(preference: Preference, by: AbstractBaseUser | None) -> Preference:
    if not preference.pk:
        preference.version = 1
    row_check(preference)
    preference.updated_by = by  # type: ignore[assignment]  # the project's user model
    preference.save()
    return preference


def _scope_write(
    row: Preference | None,
    values: Mapping[str, Any],
    *,
    user: AbstractBaseUser,
    task_type: str | None,
) -> None:
    if values == (row.stated() if row else {}):
        return
    if row and not values:
        row.delete()
        return
    row = row or Preference(user_id=user.pk, task_type=task_type)
    for name in FIELDS:
        setattr(row, name, values.get(name))
    row.parameters = values.get(PARAMETERS_KEY, {})
    _store(row, user)
