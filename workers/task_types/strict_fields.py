"""Strict DRF fields: no type coercion, unknown keys are rejected."""

import re
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

#: What ``str.strip`` removes, character by character: to JSON Schema ``\s`` has no U+0085 and no
#: U+001C, and has U+FEFF.
_SPACE = r"\t-\r\u001c- \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
#: As JSON Schema tells what ``Words`` takes: something that is no space, and no NUL.
WORDS = rf"^[^\u0000]*[^{_SPACE}\u0000][^\u0000]*$"
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Text(serializers.CharField):
    """A string; a number is none."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Words(Text):
    """A string that says something: more than space."""

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if not value.strip():
            self.fail("blank")
        return value


class StrictSerializer(serializers.Serializer[Any]):
    """Unknown keys are errors under their own names, and say which are accepted."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        values: dict[str, Any] = super().to_internal_value(data)
        if unknown := set(data) - set(self.fields):
            accepted = ", ".join(sorted(self.fields))
            message = _("Unknown key; accepted: %(keys)s.") % {"keys": accepted}
            raise serializers.ValidationError({str(key): [message] for key in unknown})
        return values


class WholeNumber(serializers.IntegerField):
    """A number; a string of digits is none."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool | str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Truth(serializers.BooleanField):
    """``true`` or ``false``, as a parameter of an address writes them."""

    TRUE_VALUES = {"true", True}
    FALSE_VALUES = {"false", False}
    NULL_VALUES = set()


class Flag(serializers.BooleanField):
    """true or false, and nothing that is like them."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class IsoDate(serializers.DateField):
    """``2026-11-16`` and no other way to write it."""

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not _ISO_DATE.fullmatch(value):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)
