"""Who may read and write whose preferences, by address.

Everybody their own; staff everybody's. Writing others' takes the permissions that the admin asks
for: ``WRITE`` may add, change and delete rows, ``RESET`` deletes them. Another user's document does
not exist for whoever is not staff (404); that there are tiers and task types is no secret (403).
"""

from collections.abc import Callable, Collection

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request

from llmconfig.store.scopes import Scope
from llmconfig.values import task_types

READ: Collection[str] = ()
WRITE: Collection[str] = ("add", "change", "delete")
RESET: Collection[str] = ("delete",)

#: Finds the scope that an address names, if the caller may do this to it. Raises ``NotFound``,
#: ``PermissionDenied``.
Reach = Callable[..., Scope]

_ID_DIGITS = 18


def own(request: Request, actions: Collection[str]) -> Scope:
    return Scope(user_id=request.user.pk)


def user(request: Request, actions: Collection[str], *, user_id: str) -> Scope:
    if user_id == str(request.user.pk):
        return own(request, actions)
    if not is_staff(request):
        raise _no_user()
    _require(request, actions)
    return Scope(user_id=_user_known(user_id))


def tier(request: Request, actions: Collection[str], *, name: str) -> Scope:
    _require(request, actions)
    # PostgreSQL takes no NUL.
    found = None if "\0" in name else Group.objects.filter(name=name).values_list("pk").first()
    if found is None:
        raise NotFound(_("There is no tier of this name."))
    return Scope(group_id=found[0])


def task_type(request: Request, actions: Collection[str], *, name: str) -> Scope:
    _require(request, actions)
    if name not in task_types.names():
        told = _("There is no such task type; registered: %(names)s.")
        raise NotFound(told % {"names": ", ".join(task_types.names())})
    return Scope(task_type=name)


def system(request: Request, actions: Collection[str]) -> Scope:
    _require(request, actions)
    return Scope()


def is_staff(request: Request) -> bool:
    return bool(getattr(request.user, "is_staff", False))


def _user_known(user_id: str) -> int:
    """The number of a user who exists. Raises ``NotFound``."""
    if not (user_id.isascii() and user_id.isdecimal() and len(user_id) <= _ID_DIGITS):
        raise _no_user()
    number = int(user_id)
    if not get_user_model()._default_manager.filter(pk=number).exists():
        raise _no_user()
    return number


def _no_user() -> NotFound:
    """The same whether there is one or the caller may not know."""
    return NotFound(_("There is no user of this id."))


def _require(request: Request, actions: Collection[str]) -> None:
    if not is_staff(request):
        raise PermissionDenied(_("This is for staff."))
    wanted = [f"llmconfig.{action}_preference" for action in actions]
    if not request.user.has_perms(wanted):
        told = _("This takes the permissions %(names)s.")
        raise PermissionDenied(told % {"names": ", ".join(wanted)})
