"""Reads the stored rows that concern one user."""

from django.contrib.auth.models import Group
from django.db.models import Q

from llmconfig.layers.ladder import Rows, Tier
from llmconfig.layers.static import Static
from llmconfig.models import Preference


def rows_load(user_id: int | None, static: Static, scope: Q) -> Rows:
    """The stored rows that concern the user, those of ``scope`` alone, in at most two queries."""
    groups = _groups(user_id, static) if user_id is not None else {}
    theirs = Q(user=None, group=None)
    if user_id is not None:
        theirs |= Q(user=user_id) | Q(group__in=groups)
    found = list(Preference.objects.filter(theirs, scope))
    return Rows(
        common=tuple(row for row in found if row.user_id is None and row.group_id is None),
        tiers=tuple(
            Tier(name=name, rows=tuple(row for row in found if row.group_id == group_id))
            for group_id, name in groups.items()
        ),
        user=tuple(row for row in found if row.user_id is not None),
    )


def _groups(user_id: int, static: Static) -> dict[int, str]:
    """The user's groups by id, weakest first: by rank, those without one before all others."""
    named = static.tier_names()

    def strength(group: tuple[int, str, int | None]) -> tuple[int, int, int]:
        group_id, name, rank = group
        return (-1 if rank is None else rank, named.index(name) if name in named else -1, group_id)

    groups = Group.objects.filter(user=user_id).values_list("id", "name", "tier__rank")
    return {group_id: name for group_id, name, _ in sorted(groups, key=strength)}
