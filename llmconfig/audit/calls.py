"""Which calls the audit trail tells of, and what of each.

Told is every call that may change something (not GET, HEAD, OPTIONS) of somebody who is known,
refused ones too, and every attempt to log in. Not told: what no operation took up, because the
caller is not known (401), called too often (429), there is no such method (405), or the service was
away (503). Nothing was changed then, and strangers must not fill the table.
"""

from typing import Any

from django.apps import apps
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponseBase
from django.urls import ResolverMatch

from llmconfig.audit.client_addresses import client_address
from llmconfig.audit.entries import (
    NAME_MAX_LENGTH,
    TEXT_MAX_LENGTH,
    TOKEN_KEY_LENGTH,
    AuditEntry,
)

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
NOT_TAKEN_UP = (405, 429, 503)
REQUEST_ID = "X-Request-ID"
_WHOSE = "_audited_user"


def call_is_of(request: HttpRequest, user: AbstractBaseUser | None) -> None:
    """Say whose call it is where ``request.user`` does not, and have it told in any case: a log-in
    that failed, a session that ended. None: nobody's whom we know."""
    setattr(request, _WHOSE, user)


def may_change(request: HttpRequest) -> bool:
    """Whether it is a call that the trail may tell of."""
    return request.method not in SAFE_METHODS and _is_audited(request.resolver_match)


def _is_audited(match: ResolverMatch | None) -> bool:
    """Whether the view belongs to a package that an app names in ``audited``: an API, or pages
    where people do what others do over an API. The admin has its own log."""
    view = getattr(match and match.func, "view_class", None) or getattr(
        match and match.func, "cls", None
    )
    module = getattr(view, "__module__", "")
    return any(
        module == package or module.startswith(f"{package}.")
        for app in apps.get_app_configs()
        for package in getattr(app, "audited", ())
    )


def entry_of(request: HttpRequest, response: HttpResponseBase) -> AuditEntry | None:
    """What to store of an answered call, or None."""
    user = _caller(request)
    match = request.resolver_match
    if response.status_code in NOT_TAKEN_UP or match is None or not match.view_name:
        return None
    if user is None and not hasattr(request, _WHOSE):
        return None
    return AuditEntry(
        user_id=user and user.pk,
        username=_text(user.get_username() if user else "", NAME_MAX_LENGTH),
        method=_text(request.method, 10),
        operation=_text(match.view_name),
        object_id=_text(_object(match.kwargs, response)),
        status=response.status_code,
        address=client_address(request) or None,
        token_key=_text(getattr(_token(request), "token_key", ""), TOKEN_KEY_LENGTH),
        request_id=_text(request.headers.get(REQUEST_ID, "")),
    )


def _caller(request: HttpRequest) -> Any:
    user = getattr(request, _WHOSE, None) or request.user
    return user if user.is_authenticated else None


def _token(request: HttpRequest) -> Any:
    # Django REST framework puts it beside the user.
    return getattr(request, "auth", None)


def _object(kwargs: dict[str, Any], response: HttpResponseBase) -> str:
    """What the address names; where it names nothing, what was made."""
    if kwargs:
        return "/".join(str(value) for value in kwargs.values())
    return response.headers.get("Location", "").rpartition("/")[2]


def _text(text: object, length: int = TEXT_MAX_LENGTH) -> str:
    """As much as fits of what others may have made up, without what cannot be stored or shown."""
    return "".join(filter(str.isprintable, str(text)))[:length]
