"""Versioned rows: a counter of changes, and history for bulk writes."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import NotSupportedError, models, router, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from llmconfig.tables.authorship import current_author, current_moment
from llmconfig.tables.querysets import ConfigQuerySet

Row = TypeVar("Row", bound=models.Model)


class RecordedQuerySet(ConfigQuerySet[Row]):
    """``update``, ``bulk_update`` and ``bulk_create`` count versions and leave records, too.

    They send no signals and validate nothing: that is what services are for.
    """

    def update(self, **values: Any) -> int:
        recorded = {field.name for field in self.model.history.model.tracked_fields}  # type: ignore[attr-defined]  # on each such model
        if not recorded & {name.removesuffix("_id") for name in values}:
            # Nobody's change: Django forgets a deleted user in "updated by" this way.
            return super().update(**values)
        values.setdefault("version", F("version") + 1)
        with transaction.atomic(using=self.db):
            rows = self.model._base_manager.using(self.db)
            locked = rows.select_for_update().filter(pk__in=self.order_by().values("pk"))
            held = list(locked.values_list("pk", flat=True))
            # While a lock was waited for, its row may have become one that is not meant.
            keys = list(self.order_by().filter(pk__in=held).values_list("pk", flat=True))
            count = super(RecordedQuerySet, self.filter(pk__in=keys)).update(**values)
            self._record(rows.filter(pk__in=keys), update=True)
        return count

    update.alters_data = True  # type: ignore[attr-defined]  # how templates are kept from it

    def bulk_create(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> list[Row]:
        if kwargs.get("ignore_conflicts") or kwargs.get("update_conflicts"):
            raise NotSupportedError("History cannot tell which rows this would write.")
        with transaction.atomic(using=self.db):
            created = super().bulk_create(objs, *args, **kwargs)
            self._record(created)
        return created

    bulk_create.alters_data = True  # type: ignore[attr-defined]  # the same

    def _record(self, rows: Iterable[Row], *, update: bool = False) -> None:
        author = current_author()
        self.model.history.bulk_history_create(  # type: ignore[attr-defined]  # on each such model
            rows,
            update=update,
            default_change_reason=author.reason if author else None,
            default_date=current_moment(),
        )


class Versioned(models.Model):
    """A row whose version counts up with each change, so that an old decision can name it."""

    version = models.PositiveIntegerField(_("version"), default=0, db_default=0, editable=False)

    objects = RecordedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """With its record, or not at all. Whether the row is stale is the services' matter: they
        lock it and read its version first."""
        if not self._state.adding:
            self.version += 1
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "version"}
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using, savepoint=False):
            super().save(*args, **kwargs)
