"""Users of a model, as text."""

from collections.abc import Callable, Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from llmconfig.resolution.stated_models import StatedModel
from llmconfig.values.texts import printable
from workers.task_types.names import PREFIX

#: Names of some users of a model.
NamesOf = Callable[[str], Sequence[str]]
SHOWN_NAMES = 3


def no_names(_model: str) -> Sequence[str]:
    """Where no names are to be told."""
    return ()


def uses_text(stated: Iterable[StatedModel], names_of: NamesOf = no_names) -> str:
    """``tier premium (preference 4 v2), 12 users (ada, bob, eve, …)``."""
    told = [
        _users_text(each, names_of(each.model)) if each.users else _place_text(each)
        for each in stated
    ]
    return ", ".join(dict.fromkeys(told))


def short_name(task_type: str) -> str:
    """``TASK_TYPE_WEEKLY_REPORT`` → ``weekly_report``."""
    return task_type.removeprefix(PREFIX).lower()


def _place_text(stated: StatedModel) -> str:
    types = " ".join(map(short_name, stated.task_types or ()))
    tier = _("tier %(name)s") % {"name": printable(stated.tier)} if stated.tier else ""
    scope = " ".join(filter(None, (tier, types))) or _("everyone")
    fallback = _("fallback of ") if stated.field == "fallback_model" else ""
    return f"{fallback}{scope} ({stated.place})" if stated.place else f"{fallback}{scope}"


def _users_text(stated: StatedModel, names: Sequence[str]) -> str:
    counted = ngettext("%(count)s user", "%(count)s users", stated.users) % {"count": stated.users}
    fallback = _("fallback of ") if stated.field == "fallback_model" else ""
    shown = [printable(name) for name in names[:SHOWN_NAMES]]
    more = ["…"] if shown and stated.users > len(shown) else []
    return f"{fallback}{counted}" + (f" ({', '.join([*shown, *more])})" if shown else "")
