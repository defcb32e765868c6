"""How scopes and task types are called in front of people."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext

from llmconfig import task_types

_PREFIX = "TASK_TYPE_"


def scope_label(row: Any) -> str:
    """Whom a row, stored or of the history, is for: ``user ada · Weekly report``."""
    return " · ".join(_parts(row)) or gettext("everyone")


def _parts(row: Any) -> Iterator[str]:
    if row.user_id is not None:
        yield gettext("user %(name)s") % {"name": row.user.get_username()}
    if row.group_id is not None:
        yield gettext("tier %(name)s") % {"name": row.group.name}
    if row.task_type:
        yield task_type_label(row.task_type)


def task_type_label(name: str | None) -> str:
    """``TASK_TYPE_WEEKLY_REPORT`` → ``Weekly report``; None: all of them."""
    if not name:
        return gettext("all task types")
    label = name.removeprefix(_PREFIX).replace("_", " ").capitalize()
    if name in task_types.names():
        return label
    return gettext("%(name)s (not registered, ignored)") % {"name": label}
