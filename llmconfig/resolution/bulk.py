"""Decisions for many users at once, from a few queries: for campaigns, reports and exports."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Q
from django.db.models.expressions import RawSQL

from llmconfig.layers.ladder import Rows
from llmconfig.layers.rows import rows_arrange
from llmconfig.layers.static import Static, static_config
from llmconfig.layers.stored import GROUP_COLUMNS, Stored, StoredGroup, StoredRow
from llmconfig.resolution.selectors import rows_resolve_any
from llmconfig.tables.models import Preference
from llmconfig.values import task_types
from llmconfig.values.types import ResolvedConfig

#: Users that two queries serve.
CHUNK = 10_000

Decision = tuple[int, ResolvedConfig | None]


def configs_resolve_for(user_ids: Iterable[int], task_type: str) -> Iterator[Decision]:
    """Each user's number with what ``config_resolve`` would decide; None where no model is allowed.

    Two queries, and two for each 10,000 users, who are read and answered as the caller goes on. It
    asks the database, not the cache. Raises ``UnknownTaskType``, ``ConfigurationError``.
    """
    task_types.require(task_type)
    return _decisions(iter(user_ids), task_type, static_config())


def _decisions(user_ids: Iterator[int], task_type: str, static: Static) -> Iterator[Decision]:
    shared = _Shared(task_type, static)
    while chunk := list(islice(user_ids, CHUNK)):
        memberships = _memberships(chunk)
        own = _own_rows(chunk, task_type)
        for user_id in chunk:
            groups = memberships.get(user_id, frozenset())
            yield user_id, shared.decide(groups, own.get(user_id, ()))


class _Shared:
    """What users have in common: rows that are nobody's own, and decisions of those who have no
    row of their own and are in the same groups."""

    def __init__(self, task_type: str, static: Static) -> None:
        self._task_type, self._static = task_type, static
        shared = Preference.objects.filter(_of(task_type), user=None)
        self._rows = tuple(StoredRow.of(row) for row in shared)
        found = (StoredGroup(*row) for row in Group.objects.values_list(*GROUP_COLUMNS))
        self._groups = {group.id: group for group in found}
        self._arranged: dict[frozenset[int], Rows] = {}
        self._decided: dict[frozenset[int], ResolvedConfig | None] = {}

    def decide(
        self, group_ids: frozenset[int], own: tuple[StoredRow, ...]
    ) -> ResolvedConfig | None:
        rows = self._arranged.get(group_ids)
        if rows is None:
            rows = self._arranged[group_ids] = self._arrange(group_ids)
        if own:
            return self._resolve(replace(rows, user=own))
        if group_ids not in self._decided:
            self._decided[group_ids] = self._resolve(rows)
        return self._decided[group_ids]

    def _arrange(self, group_ids: frozenset[int]) -> Rows:
        # A group that was made since the groups were read is not there.
        groups = tuple(self._groups[each] for each in group_ids if each in self._groups)
        return rows_arrange(Stored(groups=groups, rows=self._rows), self._static)

    def _resolve(self, rows: Rows) -> ResolvedConfig | None:
        return rows_resolve_any(self._task_type, static=self._static, rows=rows)


def _memberships(user_ids: list[int]) -> Mapping[int, frozenset[int]]:
    """The numbers of each user's groups, of those who are in any."""
    groups = get_user_model().groups
    user, group = groups.field.m2m_column_name(), groups.field.m2m_reverse_name()
    found: defaultdict[int, set[int]] = defaultdict(set)
    memberships = groups.through.objects.filter(**{f"{user}__in": _among(user_ids)})
    for user_id, group_id in memberships.values_list(user, group):
        found[user_id].add(group_id)
    return {user_id: frozenset(group_ids) for user_id, group_ids in found.items()}


def _own_rows(user_ids: list[int], task_type: str) -> Mapping[int | None, tuple[StoredRow, ...]]:
    """Each user's rows, of those who have any."""
    found: defaultdict[int | None, list[StoredRow]] = defaultdict(list)
    for row in Preference.objects.filter(_of(task_type), user__in=_among(user_ids)):
        found[row.user_id].append(StoredRow.of(row))
    return {user_id: tuple(rows) for user_id, rows in found.items()}


def _among(user_ids: list[int]) -> RawSQL:
    # One parameter: to write 10,000 of them takes longer than to run the query.
    return RawSQL("SELECT unnest(%s::bigint[])", [user_ids])


def _of(task_type: str) -> Q:
    return Q(task_type=None) | Q(task_type=task_type)
