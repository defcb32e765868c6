"""Cache invalidation by Django's signals, for writes beside the services (fixtures, cascades).

What sends none: bulk writes of our own models tell it themselves (``querysets``); whoever writes
``Group.objects.update()``, rows of ``User.groups.through``, or plain SQL, calls
``everything_changed``.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.apps import AppConfig
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import DatabaseError, models, transaction
from django.db.models import signals

from llmconfig.cache.invalidation import changed, changing, everything_changed
from llmconfig.cache.protocol import COMMON, user_scope
from llmconfig.tables.models import Preference, Tier

#: The scopes that a write of this row concerns, in the database of that name.
Concerns = Callable[[Any, str], set[str]]


def connect(app: AppConfig) -> None:
    """Once, when all models are loaded."""
    _watch(Preference, _of_preference)
    _watch(Tier, _of_everyone)
    _watch(Group, _of_everyone)
    memberships = get_user_model().groups.through
    signals.m2m_changed.connect(_memberships_change, sender=memberships, weak=False)
    signals.pre_delete.connect(_user_leaves, sender=get_user_model(), weak=False)
    signals.post_migrate.connect(_tables_change, sender=app, weak=False)


def _watch(model: type[models.Model], concerns: Concerns) -> None:
    def before(instance: models.Model, using: str, **kwargs: Any) -> None:
        changing(concerns(instance, using), using)

    def after(using: str, **kwargs: Any) -> None:
        changed(using)

    signals.pre_save.connect(before, sender=model, weak=False)
    signals.post_save.connect(after, sender=model, weak=False)
    # Django deletes in a transaction, where there is anyone to tell.
    signals.pre_delete.connect(before, sender=model, weak=False)


def _of_preference(row: Preference, using: str) -> set[str]:
    """Whose it is, and whose it was: the row may be given to another user."""
    stored = Preference._base_manager.using(using).filter(pk=row.pk)
    if transaction.get_connection(using).in_atomic_block:
        # Nobody else gives it away meanwhile.
        stored = stored.select_for_update()
    owners = {row.user_id, *stored.values_list("user_id", flat=True)} if row.pk else {row.user_id}
    return {COMMON if owner is None else user_scope(owner) for owner in owners}


def _of_everyone(row: models.Model, using: str) -> set[str]:
    return {COMMON}


def _memberships_change(
    instance: models.Model,
    action: str,
    reverse: bool,
    pk_set: set[Any] | None,
    using: str,
    **kwargs: Any,
) -> None:
    """Django sends this inside a transaction."""
    if not action.startswith("pre_"):
        return
    if not reverse:
        changing({user_scope(instance.pk)}, using)
    elif pk_set is None:
        changing({COMMON}, using)
    else:
        changing(map(user_scope, pk_set), using)


def _user_leaves(instance: models.Model, using: str, **kwargs: Any) -> None:
    """Memberships end without a signal of their own."""
    changing({user_scope(instance.pk)}, using)


def _tables_change(using: str, **kwargs: Any) -> None:
    """Migrations and ``flush`` write without signals."""
    with suppress(DatabaseError):  # the tables may be gone
        everything_changed(using)
