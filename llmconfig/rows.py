"""Reads the stored rows that concern one user."""

from collections.abc import Iterable
from typing import NamedTuple

from django.contrib.auth.models import Group
from django.db.models import Q

from llmconfig.layers.ladder import Rows, Tier
from llmconfig.layers.static import Static
from llmconfig.models import Preference


def rows_load(user_id: int | None, static: Static, scope: Q) -> Rows:
    """The stored rows that concern the user, those of ``scope`` alone, in at most two queries."""
    groups = _groups(user_id, static) if user_id is not None else []
    theirs = Q(user=None, group=None)
    if user_id is not None:
        theirs |= Q(user=user_id) | Q(group__in=[group.id for group in groups])
    found = list(Preference.objects.filter(theirs, scope))
    return Rows(
        common=tuple(row for row in found if row.user_id is None and row.group_id is None),
        tiers=tuple(_tier(group, found) for group in groups),
        user=tuple(row for row in found if row.user_id is not None),
    )


class _Group(NamedTuple):
    id: int
    name: str
    rank: int | None
    allowed_models: list[str] | None


def _groups(user_id: int, static: Static) -> list[_Group]:
    """The user's groups, weakest first: by rank, those without one before all others."""
    named = static.tier_names()

    def strength(group: _Group) -> tuple[int, int, int]:
        in_file = named.index(group.name) if group.name in named else -1
        return (-1 if group.rank is None else group.rank, in_file, group.id)

    columns = ("id", "name", "tier__rank", "tier__allowed_models")
    groups = Group.objects.filter(user=user_id).values_list(*columns)
    return sorted((_Group(*group) for group in groups), key=strength)


def _tier(group: _Group, rows: Iterable[Preference]) -> Tier:
    allowed = group.allowed_models
    return Tier(
        name=group.name,
        rank=group.rank,
        allowed_models=None if allowed is None else tuple(allowed),
        rows=tuple(row for row in rows if row.group_id == group.id),
    )
