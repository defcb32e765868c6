"""The stored rows that concern one user, arranged as the ladder takes them."""

from django.contrib.auth.models import Group

from llmconfig.layers.cached_rows import read
from llmconfig.layers.ladder import Rows, Tier
from llmconfig.layers.static import Static
from llmconfig.layers.stored import GROUP_COLUMNS, Stored, StoredGroup, StoredRow
from llmconfig.tables.models import Preference
from llmconfig.values.errors import EditConflict


def rows_load(user_id: int | None, static: Static) -> Rows:
    """The rows of all task types that concern the user, in one query."""
    return rows_arrange(read(user_id).stored(), static)


def rows_arrange(stored: Stored, static: Static) -> Rows:
    """The same from what was read; tiers weakest first."""
    rows = stored.rows
    return Rows(
        common=tuple(row for row in rows if row.group_id is None and not row.is_users),
        tiers=tuple(_tier(group, rows) for group in _by_strength(stored.groups, static)),
        user=tuple(row for row in rows if row.is_users),
    )


def tier_load(group_id: int) -> Tier:
    """One tier with its rows, in two queries. Raises ``EditConflict`` where the group is gone."""
    group = Group.objects.filter(pk=group_id).values_list(*GROUP_COLUMNS).first()
    if group is None:
        raise EditConflict.owner_gone()
    rows = Preference.objects.filter(group=group_id)
    return _tier(StoredGroup(*group), tuple(StoredRow.of(row) for row in rows))


def _by_strength(groups: tuple[StoredGroup, ...], static: Static) -> list[StoredGroup]:
    """Weakest first: by rank, those without one before all others."""
    named = static.tier_names()

    def strength(group: StoredGroup) -> tuple[int, int, int]:
        in_file = named.index(group.name) if group.name in named else -1
        return (-1 if group.rank is None else group.rank, in_file, group.id)

    return sorted(groups, key=strength)


def _tier(group: StoredGroup, rows: tuple[StoredRow, ...]) -> Tier:
    allowed = group.allowed_models
    return Tier(
        name=group.name,
        rank=group.rank,
        allowed_models=None if allowed is None else tuple(allowed),
        rows=tuple(row for row in rows if row.group_id == group.id),
    )
