"""What differs between two states of a row, field by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: A row's fields by name, without number and version.
State = Mapping[str, Any]
#: What a state has of its scope; everything else is what it states.
SCOPE_FIELDS = ("user_id", "group_id", "task_type")


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """One field as it was and as it is; None: states nothing."""

    #: Nested ones by path: ``parameters.temperature``.
    field: str
    old: Any
    new: Any


def diff(old: State | None, new: State | None) -> tuple[FieldChange, ...]:
    """The changes from one state to another, in the order of the fields.

    None is no row. The scope of a row that is made or removed is not among its changes.
    """
    before, after = dict(_flat(old or {})), dict(_flat(new or {}))
    names = dict.fromkeys((*before, *after))
    if old is None or new is None:
        names = dict.fromkeys(name for name in names if name not in SCOPE_FIELDS)
    return tuple(
        FieldChange(field=name, old=before.get(name), new=after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def _flat(state: State, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in state.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
