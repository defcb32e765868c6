"""What is said and told at log-in."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from workers.strict import StrictSerializer

USERNAME_MAX_LENGTH = 150
PASSWORD_MAX_LENGTH = 4096


class Text(serializers.Field[str, Any, str, Any]):
    """Any string, as it is: NUL and surrogates too are merely wrong names and passwords."""

    default_error_messages = {
        "invalid": _("This must be a string."),
        "max_length": _("This must be a string of at most {max_length} characters."),
    }

    def __init__(self, *, max_length: int, **options: Any) -> None:
        self.max_length = max_length
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return data


class CredentialsSerializer(StrictSerializer):
    username = Text(max_length=USERNAME_MAX_LENGTH)
    password = Text(max_length=PASSWORD_MAX_LENGTH, write_only=True)


class TokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text=_("For the header Authorization: Token <token>."))
    expires_at = serializers.DateTimeField()


class MeSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    username = serializers.CharField()
    is_staff = serializers.BooleanField()
    tiers = serializers.ListField(child=serializers.CharField(), help_text=_("The weakest first."))
    token_expires_at = serializers.DateTimeField(
        allow_null=True, help_text=_("Null: in a session, or of a token without an end.")
    )
