"""What the database holds about one user: plain values, which can also be kept elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib.auth.models import Group
from django.db.models import Q

from llmconfig.models import Preference
from llmconfig.places import RowVersion


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One preference, as the ladder reads it."""

    id: int
    version: int
    #: The tier that it is for; None: it is the user's own, or for everyone.
    group_id: int | None
    is_users: bool
    task_type: str | None
    fields: Mapping[str, Any]

    @classmethod
    def of(cls, preference: Preference) -> "StoredRow":
        return cls(
            id=preference.pk,
            version=preference.version,
            group_id=preference.group_id,
            is_users=preference.user_id is not None,
            task_type=preference.task_type,
            fields=preference.stated(),
        )

    @property
    def place(self) -> str:
        return RowVersion(self.id, self.version).place

    def stated(self) -> dict[str, Any]:
        return dict(self.fields)


class StoredGroup(NamedTuple):
    """A group of the user; without a rank it is no tier of the database."""

    id: int
    name: str
    rank: int | None
    allowed_models: list[str] | None


#: The columns of a ``StoredGroup``.
GROUP_COLUMNS = ("id", "name", "tier__rank", "tier__allowed_models")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """All rows that may concern one user, and the user's groups, in no order."""

    groups: tuple[StoredGroup, ...]
    rows: tuple[StoredRow, ...]


def stored_fetch(user_id: int | None) -> Stored:
    """Read them by SQL, for all task types, in at most two queries. None: what is for everyone."""
    groups: tuple[StoredGroup, ...] = ()
    theirs = Q(user=None, group=None)
    if user_id is not None:
        found = Group.objects.filter(user=user_id).values_list(*GROUP_COLUMNS)
        groups = tuple(StoredGroup(*group) for group in found)
        theirs |= Q(user=user_id) | Q(group__in=[group.id for group in groups])
    rows = Preference.objects.filter(theirs)
    return Stored(groups=groups, rows=tuple(StoredRow.of(row) for row in rows))
