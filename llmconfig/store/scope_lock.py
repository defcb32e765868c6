"""Lock of a scope: writers of one document wait for each other."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, models

from llmconfig.store.scopes import Scope
from llmconfig.tables.models import Preference
from llmconfig.values.errors import EditConflict


def scope_lock(scope: Scope) -> None:
    """Until the end of the transaction.

    A user or group is locked so that foreign keys to it stay free, and runs can be accepted
    meanwhile. Nobody owns the others' documents, which may have no row yet: these have a lock by
    name. Raises ``EditConflict`` where the user or group is deleted.
    """
    if scope.user_id is not None:
        _owner_lock(get_user_model(), scope.user_id)
    elif scope.group_id is not None:
        _owner_lock(Group, scope.group_id)
    else:
        name = f"llmconfig preferences {scope.task_type or ''}"
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def rows_lock(scope: Scope) -> list[Preference]:
    """The rows of one document, which no one else changes before the transaction ends.

    Raises as ``scope_lock``.
    """
    scope_lock(scope)
    # Even where there is none: a rollback takes the whole table, and no users.
    return list(Preference.objects.select_for_update().filter(**scope.columns))


def _owner_lock(model: type[models.Model], number: int) -> None:
    owners: Any = model._default_manager.select_for_update(no_key=True)
    if not owners.filter(pk=number).values_list("pk"):
        raise EditConflict.owner_gone()
