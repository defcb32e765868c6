"""Who calls: by a token in ``Authorization``, or in the browser by the admin's session."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from knox.models import AuthToken
from rest_framework.authentication import SessionAuthentication as FrameworkSessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from config.api.accounts.errors import CSRFFailed


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]  # knox publishes no types
    """``Authorization: Token <token>``, in one query.

    knox's own looks for candidates by the token's beginning, and at each call also for expired
    tokens of the user to delete; the digest, of which 512 bits cannot be guessed, is the key of
    the table, and expired tokens go when the user logs in.
    """

    def authenticate_credentials(self, token: bytes) -> tuple[AbstractBaseUser, AuthToken]:
        alive = Q(expiry=None) | Q(expiry__gt=timezone.now())
        digest = hash_token(token.decode("ascii", errors="replace"))
        found = AuthToken.objects.select_related("user").filter(alive, digest=digest).first()
        if found is None or not found.user.is_active:
            raise AuthenticationFailed(_("The token is not valid, or not any more."))
        return found.user, found


class SessionAuthentication(FrameworkSessionAuthentication):
    """A browser's session; whoever changes something by it sends Django's CSRF token too."""

    def enforce_csrf(self, request: Request) -> Any:
        try:
            return super().enforce_csrf(request)
        except PermissionDenied as error:
            raise CSRFFailed(str(error.detail)) from error


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The token in the API's description."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": _("The word Token, a space, and the token."),
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The browser's session in the API's description."""

    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
