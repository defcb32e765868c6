"""What is said and told at log-in."""

from typing import Any

from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from workers.task_types.strict_fields import StrictSerializer

USERNAME_MAX_LENGTH = 150
PASSWORD_MAX_LENGTH = 4096


class Text(serializers.CharField):
    """A string and nothing that could be made one, as it is: blanks, NUL and halves of characters
    are merely a wrong name or password."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, allow_blank=True, **options)
        self.validators = [each for each in self.validators if isinstance(each, MaxLengthValidator)]

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class CredentialsSerializer(StrictSerializer):
    """A name and a password."""

    username = Text(max_length=USERNAME_MAX_LENGTH)
    password = Text(max_length=PASSWORD_MAX_LENGTH)


class TokenSerializer(serializers.Serializer[Any]):
    """A new token; it is told this once."""

    token = serializers.CharField(help_text=_("For the header Authorization: Token <token>."))
    expires_at = serializers.DateTimeField()


class MeSerializer(serializers.Serializer[Any]):
    """Who is calling."""

    id = serializers.CharField()
    username = serializers.CharField()
    is_staff = serializers.BooleanField()
    tiers = serializers.ListField(child=serializers.CharField(), help_text=_("The weakest first."))
    token_expires_at = serializers.DateTimeField(
        allow_null=True, help_text=_("Null: in a session, or of a token without an end.")
    )
