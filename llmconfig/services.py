"""Writes: the only way in which preferences change.

Everything is validated by the field table, and models by the environment's policy, before it is
stored; each save counts the row's version up.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from llmconfig import task_types
from llmconfig.documents import document_parse
from llmconfig.fields import FIELDS, PARAMETERS_KEY
from llmconfig.models import Preference
from llmconfig.preference_check import preference_check
from llmconfig.selectors import user_preferences


@transaction.atomic
def preference_save(*, preference: Preference, by: AbstractBaseUser | None) -> Preference:
    """Validate and store one row.

    Raises Django's ``ValidationError``, ``ModelNotAllowed``, ``FallbackSameAsModel``.
    """
    preference.full_clean()
    preference_check(preference)
    stored = Preference.objects.select_for_update().filter(pk=preference.pk).first()
    preference.version = stored.version + 1 if stored else 1
    preference.updated_by = by  # type: ignore[assignment]  # the project's user model
    preference.save()
    return preference


def preference_delete(*, preference: Preference) -> None:
    """Remove one row; its scope inherits again."""
    preference.delete()


@transaction.atomic
def user_preferences_change(
    *,
    user: AbstractBaseUser,
    change: Callable[[Mapping[str, Any]], object],
) -> None:
    """Replace what the user states by what ``change`` makes of it.

    The document has the fields and ``task_type_configs``; rows that stay as they are keep their
    version. Raises ``InvalidPreference``, ``ModelNotAllowed``, ``FallbackSameAsModel``.
    """
    wanted = document_parse(change(user_preferences(user_id=user.pk)))
    rows = {row.task_type: row for row in Preference.objects.filter(user=user.pk)}
    for scope in (None, *task_types.names()):
        _scope_write(rows.get(scope), wanted.get(scope, {}), user=user, task_type=scope)


@transaction.atomic
def user_preferences_reset(*, user: AbstractBaseUser) -> None:
    """Remove all that the user states, also for task types that are registered no more."""
    for row in Preference.objects.filter(user=user.pk):
        preference_delete(preference=row)


def user_preferences_lock(*, user: AbstractBaseUser) -> None:
    """Let no one else change this user's preferences before the transaction ends.

    The lock leaves foreign keys to the user free, so that runs can be accepted meanwhile.
    """
    users = get_user_model()._default_manager.select_for_update(no_key=True)
    users.filter(pk=user.pk).values_list("pk").first()


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
        preference_delete(preference=row)
        return
    row = row or Preference(user_id=user.pk, task_type=task_type)
    for name in FIELDS:
        setattr(row, name, values.get(name))
    row.parameters = values.get(PARAMETERS_KEY, {})
    preference_save(preference=row, by=user)
