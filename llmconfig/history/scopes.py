"""Whom a row is or was for, in words, also when that user or group is no more."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils.translation import gettext

from llmconfig.values.diffs import State


@dataclass(frozen=True, kw_only=True)
class Names:
    """Of users and groups that exist, by number."""

    users: Mapping[int, str]
    groups: Mapping[int, str]

    @classmethod
    def of(cls, users: Collection[int], groups: Collection[int]) -> "Names":
        """In two queries."""
        people = get_user_model()._default_manager.in_bulk(users)
        return cls(
            users={pk: user.get_username() for pk, user in people.items()},
            groups={pk: group.name for pk, group in Group.objects.in_bulk(groups).items()},
        )

    @classmethod
    def of_states(cls, states: Collection[State]) -> "Names":
        def numbers(field: str) -> set[int]:
            return {state[field] for state in states if state.get(field) is not None}

        return cls.of(numbers("user_id"), numbers("group_id"))


def scope_name(state: State, names: Names) -> str:
    """``everyone``, ``user ada``, ``tier 7 (deleted) · TASK_TYPE_X``."""
    return " · ".join(_parts(state, names)) or gettext("everyone")


def _parts(state: State, names: Names) -> Iterator[str]:
    if (user := state.get("user_id")) is not None:
        yield gettext("user %(name)s") % {"name": _name(user, names.users)}
    if (group := state.get("group_id")) is not None:
        yield gettext("tier %(name)s") % {"name": _name(group, names.groups)}
    if task_type := state.get("task_type"):
        yield task_type


def _name(number: int, names: Mapping[int, str]) -> str:
    return names.get(number) or gettext("%(number)s (deleted)") % {"number": number}
