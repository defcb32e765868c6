"""Rows of one user as plain values, from the database."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection

from llmconfig.tables.models import Preference, Tier
from llmconfig.values.fields import FIELDS, PARAMETERS_KEY
from llmconfig.values.places import RowVersion


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
_COLUMNS = ("id", "version", "user_id", "group_id", "task_type", *FIELDS, PARAMETERS_KEY)
_ROWS = Preference._meta.db_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """All rows that may concern one user, and the user's groups, in no order."""

    groups: tuple[StoredGroup, ...]
    rows: tuple[StoredRow, ...]


def stored_fetch(user_id: int | None) -> Stored:
    """Read them by SQL, for all task types, in one statement. None: what is for everyone.

    So groups and rows are of one moment: a transaction that changes both is seen whole or not.
    """
    with connection.cursor() as cursor:
        cursor.execute(_statement(), {"user": user_id})
        groups, rows = map(json.loads, cursor.fetchone())
    return Stored(
        groups=tuple(StoredGroup(*group) for group in groups),
        rows=tuple(StoredRow.of(Preference(**row)) for row in rows),
    )


@cache
def _statement() -> str:
    """Written by hand, because Django takes four times as long to build it as it takes to run."""
    groups = get_user_model().groups
    members = groups.through._meta.db_table
    user, group = groups.field.m2m_column_name(), groups.field.m2m_reverse_name()
    row = ", ".join(f"'{name}', p.{name}" for name in _COLUMNS)
    return f"""
        WITH mine AS (SELECT {group} AS id FROM {members} WHERE {user} = %(user)s)
        SELECT (
            SELECT coalesce(jsonb_agg(
                jsonb_build_array(g.id, g.name, t.rank, t.allowed_models)
            ), '[]')
            FROM mine JOIN {Group._meta.db_table} g USING (id)
            LEFT JOIN {Tier._meta.db_table} t ON t.group_id = g.id
        ), (
            SELECT coalesce(jsonb_agg(jsonb_build_object({row})), '[]')
            FROM (
                SELECT * FROM {_ROWS} WHERE user_id IS NULL AND group_id IS NULL
                UNION ALL SELECT * FROM {_ROWS} WHERE user_id = %(user)s
                UNION ALL SELECT * FROM {_ROWS} WHERE group_id IN (SELECT id FROM mine)
            ) p
        )"""  # noqa: S608  (names of tables and columns, which no input makes)
