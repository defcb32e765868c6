"""Inherited values of a row's empty fields, shown beside each of them.

It is what resolving gives with that field left empty, the row's other fields as they are, and
nothing stronger than the row:

- everyone: what file, variables and built-in values say;
- a task type: that, for this type;
- a tier: what a member of this tier and no other would get, under the tier's own list of models;
- a user: what this user would get, of all tiers and under their lists.

A row of a tier or user for all task types inherits from the types too, so that an empty field may
mean another value for each of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.contrib.auth.models import Group

from llmconfig.layers.ladder import Row, Rows, Tier
from llmconfig.layers.rows import rows_load
from llmconfig.layers.static import Static, static_config
from llmconfig.resolution.merging import rows_merge
from llmconfig.tables.models import Preference
from llmconfig.tables.models import Tier as Stored
from llmconfig.values import task_types
from llmconfig.values.fields import FIELDS, PARAMETERS_KEY
from llmconfig.values.parameters import PARAMETERS
from llmconfig.values.types import BUILT_IN, Origin

_PREFIX = f"{PARAMETERS_KEY}."
_NAMES = (*FIELDS, *(f"{_PREFIX}{name}" for name in PARAMETERS))


class Held(NamedTuple):
    """A value, and where it comes from."""

    #: "" where there is no model, None where there is no limit.
    value: Any
    origin: Origin


class Inherited(NamedTuple):
    """What an empty field means."""

    value: Any
    origin: Origin
    #: Task types for which it means something else. Empty for a row of one task type.
    by_task_type: Mapping[str, Held]


def inherited_values(preference: Preference) -> dict[str, Inherited]:
    """By field and ``parameters.…``; parameters that nobody states are absent.

    The row need not be stored or valid. Raises ``ConfigurationError``, and ``UnknownTaskType`` for
    a row of a type that is not registered.
    """
    static = static_config()
    rows_with = _surroundings(preference, static)
    types = () if preference.task_type or _is_for_everyone(preference) else task_types.names()
    found: dict[str, Inherited] = {}
    for name in _NAMES:
        rows = rows_with(_without(preference, name))
        held = _held(name, preference.task_type, static, rows)
        others = {each: _held(name, each, static, rows) for each in types}
        differing = {each: other for each, other in others.items() if other and other != held}
        if held or differing:
            found[name] = Inherited(*(held or Held(None, BUILT_IN)), differing)
    return found


@dataclass(kw_only=True)
class _Row:
    """A row with one field left empty."""

    task_type: str | None
    place: str
    fields: Mapping[str, Any]

    def stated(self) -> dict[str, Any]:
        return dict(self.fields)


def _without(preference: Preference, name: str) -> _Row:
    fields = {key: value for key, value in preference.stated().items() if key != name}
    parameters = fields.get(PARAMETERS_KEY)
    if isinstance(parameters, Mapping):
        key = name.removeprefix(_PREFIX) if name.startswith(_PREFIX) else None
        fields[PARAMETERS_KEY] = {each: parameters[each] for each in parameters if each != key}
    return _Row(task_type=preference.task_type, place=preference.place, fields=fields)


def _surroundings(preference: Preference, static: Static) -> Callable[[Row], Rows]:
    """Puts a row in the preference's stead, with all that is weaker and nothing stronger."""
    if preference.user_id is not None:
        user = rows_load(preference.user_id, static)
        return lambda row: replace(user, user=(*_weaker(user.user, row), row))
    common = rows_load(None, static).common
    if preference.group is not None:
        tier = _tier(preference.group)
        return lambda row: Rows(
            common=common, tiers=(replace(tier, rows=(*_weaker(tier.rows, row), row)),)
        )
    return lambda row: Rows(common=(*_weaker(common, row), row))


def _weaker(rows: tuple[Row, ...], row: Row) -> tuple[Row, ...]:
    """Of the rows of one owner those for all task types, if this one is for one."""
    return tuple(each for each in rows if row.task_type and each.task_type is None)


def _tier(group: Group) -> Tier:
    rows = tuple(Preference.objects.filter(group=group))
    stored = Stored.objects.filter(group=group).first()
    if stored is None:
        return Tier(name=group.name, rows=rows)
    allowed = None if stored.allowed_models is None else tuple(stored.allowed_models)
    return Tier(name=group.name, rank=stored.rank, allowed_models=allowed, rows=rows)


def _held(name: str, task_type: str | None, static: Static, rows: Rows) -> Held | None:
    """None for a parameter that nobody states."""
    merged = rows_merge(task_type, static=static, rows=rows, request={})
    winner = merged.winners.get(name)
    if name in FIELDS:
        return Held(merged.values[name], winner.origin if winner else BUILT_IN)
    return Held(winner.value, winner.origin) if winner else None


def _is_for_everyone(preference: Preference) -> bool:
    return preference.user_id is None and preference.group_id is None
