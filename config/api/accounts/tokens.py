"""Issues tokens; of each only a digest is stored (django-rest-knox)."""

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from knox.models import AuthToken
from knox.settings import knox_settings

from llmconfig.database.conflicts import conflicts_retried


@conflicts_retried
@transaction.atomic
def token_issue(
    *, user: AbstractBaseUser, lifetime: timedelta | None = None
) -> tuple[AuthToken, str]:
    """A new token and its text, which is told this once; valid for ``API_TOKEN_TTL`` by default.

    Tokens of the user that have expired are deleted, and beyond ``TOKEN_LIMIT_PER_USER`` those
    that would expire first: a program that logs in again and again locks nobody out.
    """
    # One log-in of a user after the other, so that together they keep to the number.
    get_user_model()._default_manager.select_for_update(no_key=True).get(pk=user.pk)
    tokens = AuthToken.objects.filter(user=user)
    tokens.filter(expiry__lte=timezone.now()).delete()
    longest = tokens.order_by(F("expiry").desc(nulls_first=True), "-created")
    kept = longest.values_list("pk", flat=True)[: knox_settings.TOKEN_LIMIT_PER_USER - 1]
    tokens.exclude(pk__in=list(kept)).delete()
    token, text = AuthToken.objects.create(user=user, expiry=lifetime or knox_settings.TOKEN_TTL)
    return token, text
