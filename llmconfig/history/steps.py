"""The steps of a rollback: one row each, from what it is to what it was."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from llmconfig.history.states import AnyModel
from llmconfig.tables.models import Preference, Tier
from llmconfig.values.diffs import FieldChange, State, diff
from llmconfig.values.errors import LLMConfigError
from llmconfig.values.messages import Message


class Place(NamedTuple):
    """What no two rows have in common: a scope, a rank or a group."""

    what: str
    #: Columns and their values.
    values: tuple[tuple[str, Any], ...]


_UNIQUE: Mapping[AnyModel, Mapping[str, tuple[str, ...]]] = {
    Preference: {"scope": ("user_id", "group_id", "task_type")},
    Tier: {"rank": ("rank",), "group": ("group_id",)},
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One row. A state of None is no row: it is made again, or removed."""

    model: AnyModel
    row_id: int
    #: The version that is stored now; None: no row.
    version: int | None
    before: State | None
    after: State | None
    #: Why it cannot be done, where that is known from the start.
    refused: LLMConfigError | None = None
    #: Whom the row is for, in words.
    scope: str = ""

    @property
    def name(self) -> str:
        return f"{self.model._meta.model_name} {self.row_id}"

    @property
    def changes(self) -> tuple[FieldChange, ...]:
        return diff(self.before, self.after)

    @property
    def shown(self) -> State:
        """The state that tells whom the row is for."""
        return self.after or self.before or {}

    @property
    def places(self) -> list[Place]:
        """Those that the row is to have."""
        return places_of(self.model, self.after)

    @property
    def held_places(self) -> list[Place]:
        """Those that it has now."""
        return places_of(self.model, self.before)

    @property
    def new_places(self) -> list[Place]:
        """Those that it is to have and does not have now."""
        return [place for place in self.places if place not in self.held_places]

    def row(self, *, made_again: bool) -> Preference | Tier:
        """As it is to be, not stored yet."""
        row = self.model(pk=self.row_id, version=self.version or 0, **(self.after or {}))
        row._state.adding = made_again
        return row


class Refused(NamedTuple):
    step: Step
    error: LLMConfigError


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a rollback does, and what it cannot do."""

    steps: tuple[Step, ...]
    refused: tuple[Refused, ...] = ()

    @property
    def refusals(self) -> dict[str, Message]:
        """Why, for each row that cannot return, by its name and whom it is for."""
        return {f"{step.name}  {step.scope}": error.message for step, error in self.refused}


def places_of(model: AnyModel, state: State | None) -> list[Place]:
    if state is None:
        return []
    return [
        Place(what, tuple((name, state[name]) for name in names))
        for what, names in _UNIQUE[model].items()
    ]
