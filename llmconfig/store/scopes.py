"""Scopes of documents: a user, a tier, a task type, or everyone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from llmconfig.values import task_types


class Scoped(Protocol):
    """A row, as far as it says whom it is for."""

    @property
    def user_id(self) -> int | None: ...
    @property
    def group_id(self) -> int | None: ...
    @property
    def task_type(self) -> str | None: ...


@dataclass(frozen=True, kw_only=True)
class Scope:
    """A user's or tier's document also has what is for single task types; others have one row."""

    user_id: int | None = None
    group_id: int | None = None
    #: Of a task type's own document; None: a user's, a tier's, or everyone's.
    task_type: str | None = None

    @classmethod
    def of(cls, row: Scoped) -> "Scope":
        """The one whose document a row belongs to."""
        owned = cls(user_id=row.user_id, group_id=row.group_id)
        return owned if owned.is_owned else cls(task_type=row.task_type)

    @property
    def is_owned(self) -> bool:
        """Whether it is that of a user or a tier."""
        return self.user_id is not None or self.group_id is not None

    @property
    def columns(self) -> dict[str, Any]:
        """What its rows have in common, by column: those of the table and of its history."""
        owner = {"user_id": self.user_id, "group_id": self.group_id}
        return owner if self.is_owned else {**owner, "task_type": self.task_type}

    @property
    def task_types(self) -> tuple[str | None, ...]:
        """Those that its document can state fields for, its own fields' first."""
        return (None, *task_types.names()) if self.is_owned else (self.task_type,)

    def holds(self, state: Mapping[str, Any]) -> bool:
        """Whether a row of that state belongs to its document."""
        return all(state.get(name) == value for name, value in self.columns.items())
