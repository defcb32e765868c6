"""How changes are recorded: django-simple-history, with where a change came from.

A deletion counts the version up too, so that each entry of a row has a version of its own. Within
one row ``history_id`` is the order of changes, because whoever writes holds the row's lock; moments
come from clocks.
"""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from llmconfig.tables.authorship import (
    REASON_MAX_LENGTH,
    SOURCE_MAX_LENGTH,
    current_author,
    current_moment,
    current_source,
)

#: A rollback says what it did before the reason that was given.
STORED_REASON_MAX_LENGTH = 2 * REASON_MAX_LENGTH
#: Set on a row whose deletion began with another one: its user's or its group's.
WITH_OWNER = "deleted_with_owner"


class Sourced(models.Model):
    """What each record has beside the columns of the library."""

    history_source = models.CharField(
        _("from where"), max_length=SOURCE_MAX_LENGTH, default=current_source, editable=False
    )

    class Meta:
        abstract = True


class Records(HistoricalRecords):  # type: ignore[misc]  # the library is untyped
    """``excluded_fields`` are those that the record itself tells: who and when."""

    def __init__(self, *, excluded_fields: tuple[str, ...] = (), **options: Any) -> None:
        super().__init__(
            bases=[Sourced],
            excluded_fields=list(excluded_fields),
            history_id_field=models.BigAutoField(),
            history_change_reason_field=models.CharField(
                max_length=STORED_REASON_MAX_LENGTH, null=True
            ),
            **options,
        )

    def post_save(self, instance: Any, created: bool, using: Any = None, **kwargs: Any) -> None:
        # Fixtures ("raw") are changes too.
        super().post_save(instance, created, using=using, raw=False)

    def pre_delete(self, instance: Any, **kwargs: Any) -> None:
        """Lock the row and read it again: the record tells what was stored, not what was held."""
        model = type(instance)
        try:
            instance.refresh_from_db(from_queryset=model._base_manager.select_for_update())
        except model.DoesNotExist:
            instance.deleted_meanwhile = True

    def post_delete(
        self, instance: Any, using: Any = None, origin: Any = None, **kwargs: Any
    ) -> None:
        if hasattr(instance, "deleted_meanwhile"):
            return
        instance.version += 1
        # Not by its attribute: a preference has a field of that name.
        began_with = origin.model if isinstance(origin, models.QuerySet) else type(origin)
        setattr(instance, WITH_OWNER, began_with is not type(instance))
        super().post_delete(instance, using=using, **kwargs)

    def create_historical_record(self, instance: Any, history_type: str, using: Any = None) -> None:
        instance._history_date = current_moment()
        try:
            super().create_historical_record(instance, history_type, using=using)
        finally:
            del instance._history_date

    def get_history_user(self, instance: Any) -> AbstractBaseUser | None:
        if author := current_author():
            return author.by
        user: AbstractBaseUser | None = super().get_history_user(instance)
        return user

    def get_change_reason_for_object(
        self, instance: Any, history_type: str, using: Any
    ) -> str | None:
        author = current_author()
        return author.reason if author else None
