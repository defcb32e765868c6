"""The history in words: who changed what when, from where and why. Reads only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from llmconfig.history.scopes import Names, scope_name
from llmconfig.history.states import AnyModel, state_of
from llmconfig.store.scopes import Scope
from llmconfig.tables.models import Preference, Tier
from llmconfig.values.diffs import FieldChange, State, diff
from llmconfig.values.errors import UnknownVersion

CREATED, CHANGED, REMOVED, RETURNED = "created", "changed", "deleted", "returned"
_KINDS = {"+": CREATED, "~": CHANGED, "-": REMOVED}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One change of one row."""

    #: ``preference`` or ``tier``.
    what: str
    row_id: int
    #: The row's version since this change; a deletion has one of its own.
    version: int
    #: ``created``, ``changed``, ``deleted``, or ``returned``: made again under its number.
    kind: str
    at: datetime
    #: Who: None where nobody was named, or the user is deleted.
    by: str | None
    by_id: int | None
    #: From where: a word of ``llmconfig.tables.authorship``.
    source: str
    reason: str | None
    #: Whom the row is for: ``user ada · TASK_TYPE_WEEKLY_REPORT``; of a tier the group's name.
    scope: str
    #: What the row states since this change, or stated when it was deleted.
    state: State
    changes: tuple[FieldChange, ...]

    @property
    def name(self) -> str:
        return f"{self.what} {self.row_id}"

    @property
    def place(self) -> str:
        """As origins name it: ``preference 12 v3``."""
        return f"{self.name} v{self.version}"


def preference_history(
    *, row_id: int | None = None, user_id: int | None = None, limit: int = 50
) -> list[Entry]:
    """The last changes of one preference, of the rows of one user, or of all; newest first."""
    return _last(_some(Preference, row_id=row_id, user_id=user_id), limit)


def document_records(scope: Scope) -> QuerySet[Any]:
    """The records of one document's rows for ``entries_of``; newest first, which is as their
    numbers go: who writes a row of a document holds its lock."""
    records: QuerySet[Any] = Preference.history.filter(**scope.columns).order_by("-history_id")
    return _with_before(records, **scope.columns)


def tier_history(*, row_id: int | None = None, limit: int = 50) -> list[Entry]:
    """The last changes of one tier, or of all; newest first."""
    return _last(_some(Tier, row_id=row_id), limit)


def rows_deleted(model: AnyModel, *, limit: int = 200) -> list[Entry]:
    """The deletion of each row that is gone, the last one first."""
    last = model.history.order_by("id", "-history_id").distinct("id")
    gone = model.history.filter(history_type="-", history_id__in=last.values("history_id"))
    return _last(gone.order_by("-history_date", "-history_id"), limit)


def preference_at_version(pk: int, version: int) -> Entry:
    """What ``preference 12 v3`` was, and who made it so. Raises ``UnknownVersion``."""
    return _at_version(Preference, pk, version)


def tier_at_version(pk: int, version: int) -> Entry:
    """The same of a tier. Raises ``UnknownVersion``."""
    return _at_version(Tier, pk, version)


def _at_version(model: AnyModel, pk: int, version: int) -> Entry:
    found = model.history.filter(id=pk, version=version).order_by("-history_id")
    for entry in _last(found, 1):
        return entry
    raise UnknownVersion(f"{model._meta.model_name} {pk}", version)


def _some(model: AnyModel, **wanted: int | None) -> QuerySet[Any]:
    conditions = {
        name.removeprefix("row_"): value for name, value in wanted.items() if value is not None
    }
    # Within a row, numbers tell the order; between rows only clocks do.
    order = ("-history_id",) if "id" in conditions else ("-history_date", "-history_id")
    records: QuerySet[Any] = model.history.filter(**conditions).order_by(*order)
    return records


def entries_of(records: Sequence[Any]) -> list[Entry]:
    """Of records that know which was before them; in three queries for any number."""
    before = {record.before_id for record in records} - {None}
    earlier = records[0].__class__.objects.in_bulk(before) if before else {}
    names = _names(records)
    return [_entry(record, earlier.get(record.before_id), names) for record in records]


def _last(records: QuerySet[Any], limit: int) -> list[Entry]:
    return entries_of(list(_with_before(records)[:limit]))


def _with_before(records: QuerySet[Any], **conditions: Any) -> QuerySet[Any]:
    """Each with the number of the one before it, of those that meet the conditions."""
    history = records.model.objects
    before = history.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"), **conditions)
    last = before.order_by("-history_id").values("history_id")[:1]
    found: QuerySet[Any] = records.annotate(before_id=Subquery(last))
    return found


def _kind(record: Any, before: Any) -> str:
    kind = _KINDS[record.history_type]
    return RETURNED if kind == CREATED and before is not None else kind


def _entry(record: Any, before: Any, names: Names) -> Entry:
    state = state_of(record)
    kind = _kind(record, before)
    old = None if before is None or before.history_type == "-" else state_of(before)
    return Entry(
        what=record.instance_type._meta.model_name,
        row_id=record.id,
        version=record.version,
        kind=kind,
        at=record.history_date,
        by=names.users.get(record.history_user_id),
        by_id=record.history_user_id,
        source=record.history_source,
        reason=record.history_change_reason,
        scope=scope_name(state, names),
        state=state,
        changes=diff(state, None) if kind == REMOVED else diff(old, state),
    )


def _names(records: Iterable[Any]) -> Names:
    users: set[int] = set()
    groups: set[int] = set()
    for record in records:
        users |= {record.history_user_id, getattr(record, "user_id", None)} - {None}
        groups |= {record.group_id} - {None}
    return Names.of(users, groups)
