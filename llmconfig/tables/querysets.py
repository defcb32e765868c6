"""Bulk writes that invalidate the cache, as they send no signals."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models, transaction

from llmconfig.cache.invalidation import changing
from llmconfig.cache.protocol import COMMON

#: Columns that no decision depends on. Django forgets a deleted user in them by an update.
UNREAD = frozenset({"updated_by", "updated_by_id", "updated_at", "created_at"})

Row = TypeVar("Row", bound=models.Model)


class ConfigQuerySet(models.QuerySet[Row]):
    """``update``, ``bulk_update`` and ``bulk_create`` do not say whose rows they write: they
    invalidate everyone's. ``delete`` sends signals.
    """

    def update(self, **values: Any) -> int:
        with transaction.atomic(using=self.db):
            if values.keys() - UNREAD:
                changing({COMMON}, self.db)
            return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]  # how templates are kept from it

    def bulk_create(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> list[Row]:
        with transaction.atomic(using=self.db):
            changing({COMMON}, self.db)
            return super().bulk_create(objs, *args, **kwargs)

    bulk_create.alters_data = True  # type: ignore[attr-defined]  # the same
