"""``/v1/auth``: log in, log out, who am I. Nothing of it may be kept by a cache."""

import secrets
from collections.abc import Sequence
from typing import Any, ClassVar, cast

from django.contrib.auth import authenticate, get_user_model, logout
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in
from django.utils.cache import patch_cache_control
from knox.models import AuthToken
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.api.accounts import described
from config.api.accounts.errors import InvalidCredentials
from config.api.accounts.serializers import CredentialsSerializer, MeSerializer, TokenSerializer
from config.api.accounts.tokens import token_issue
from config.api.throttles.limits import LOGIN, READ
from llmconfig.audit.calls import call_is_of
from llmconfig.models import Tier


class AccountView(APIView):
    def finalize_response(self, request: Request, response: Any, *args: Any, **kw: Any) -> Response:
        patch_cache_control(response, no_store=True)
        return super().finalize_response(request, response, *args, **kw)


class TokenView(AccountView):
    """``/v1/auth/token``."""

    # Whoever has made all the changes that are permitted can still log out.
    rate_scopes: ClassVar[dict[str, str]] = {"POST": LOGIN, "DELETE": READ}

    @described.log_in
    def post(self, request: Request) -> Response:
        serializer = CredentialsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        token, text = self._log_in(request, **serializer.validated_data)
        return Response(TokenSerializer({"token": text, "expires_at": token.expiry}).data)

    @described.log_out
    def delete(self, request: Request) -> Response:
        if isinstance(request.auth, AuthToken):
            request.auth.delete()
        else:
            _end_session(request)
        return Response(status=204)

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Log-in looks at the body alone: an old token in the header does not hinder it."""
        return [] if self._logs_in() else super().get_authenticators()

    def get_permissions(self) -> Sequence[Any]:
        return [] if self._logs_in() else super().get_permissions()

    def get_authenticate_header(self, request: Request) -> str:
        return super().get_authenticators()[0].authenticate_header(request) or ""

    def _logs_in(self) -> bool:
        return bool(self.request and self.request.method == "POST")

    def _log_in(self, request: Request, *, username: str, password: str) -> tuple[AuthToken, str]:
        # The same answer after the same hashing for whoever may not log in: Django hashes the
        # password also where nobody has the name.
        name = _sayable(get_user_model().normalize_username(username))
        user = authenticate(request, username=name, password=_sayable(password))
        if user is None:
            _tell_of_failure(request, name)
            raise InvalidCredentials
        issued = token_issue(user=user)
        user_logged_in.send(sender=type(user), request=request, user=user)
        request.user, request.auth = user, issued[0]
        return issued


class TokensView(AccountView):
    """``/v1/auth/tokens``: log out everywhere."""

    rate_scopes: ClassVar[dict[str, str]] = {"DELETE": READ}

    @described.log_out_everywhere
    def delete(self, request: Request) -> Response:
        AuthToken.objects.filter(user=request.user).delete()
        if request.auth is None:
            _end_session(request)
        return Response(status=204)


class MeView(AccountView):
    """``/v1/auth/me``."""

    @described.me
    def get(self, request: Request) -> Response:
        user = request.user
        tiers = Tier.objects.filter(group__user=user.pk).order_by("rank")
        me = {
            "id": str(user.pk),
            "username": user.get_username(),
            "is_staff": user.is_staff,
            "tiers": list(tiers.values_list("group__name", flat=True)),
            "token_expires_at": getattr(request.auth, "expiry", None),
        }
        return Response(MeSerializer(me).data)


def _tell_of_failure(request: Request, name: str) -> None:
    """In the audit trail. A name that nobody has is not kept: people type their passwords there."""
    users = get_user_model()
    user = users._default_manager.filter(**{users.USERNAME_FIELD: name}).first()
    call_is_of(request._request, user)


def _end_session(request: Request) -> None:
    call_is_of(request._request, cast("AbstractBaseUser", request.user))
    logout(request._request)


def _sayable(text: str) -> str:
    """The text; for one with NUL or halves of characters, which no name and no password has,
    something that is as wrong and can be looked for and hashed."""
    unsayable = any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)
    return secrets.token_urlsafe() if unsayable else text
