"""The table of fields as the API's description needs it: kinds as serializer fields."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from llmconfig.values.fields import FIELDS
from llmconfig.values.kinds import Boolean, Choice, Integer, Kind, ModelName, Number, Texts
from llmconfig.values.model_grammar import MAX_LENGTH as MODEL_MAX_LENGTH
from llmconfig.values.model_grammar import PATTERN as _NAME
from llmconfig.values.parameters import PARAMETERS

STORABLE = r"^[^\x00]*$"


@extend_schema_field({"type": "string", "maxLength": MODEL_MAX_LENGTH, "pattern": f"^$|^{_NAME}$"})
class NameOrNone(serializers.Field[str, Any, str, Any]):
    """A model's name, or "" for none: a text field would be described as never empty."""


def field_of(kind: Kind, **options: Any) -> serializers.Field[Any, Any, Any, Any]:
    """The serializer field that takes what a kind takes."""
    match kind:
        case Integer(minimum=least, maximum=most):
            return serializers.IntegerField(min_value=least, max_value=most, **options)
        case Number(minimum=lowest, maximum=highest):
            return serializers.FloatField(min_value=lowest, max_value=highest, **options)
        case Boolean():
            return serializers.BooleanField(**options)
        case Choice():
            return _choice(kind, **options)
        case ModelName(may_be_empty=True):
            return NameOrNone(**options)
        case ModelName():
            return serializers.RegexField(f"^{_NAME}$", max_length=MODEL_MAX_LENGTH, **options)
        case Texts(maximum=count, length=length):
            text = serializers.RegexField(STORABLE, min_length=1, max_length=length)
            return serializers.ListField(child=text, max_length=count, **options)
    raise TypeError(f"no serializer field for {kind}")


def _choice(kind: Choice, **options: Any) -> serializers.Field[Any, Any, Any, Any]:
    """A field of mixed types: DRF's own choices are described by one type."""
    words = [choice for choice in kind.choices if isinstance(choice, str)]

    @extend_schema_field({"oneOf": [{"type": "boolean"}, {"type": "string", "enum": words}]})
    class BooleanOrWord(serializers.Field[Any, Any, Any, Any]):
        pass

    return BooleanOrWord(**options)


def stated_fields(**options: Any) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
    """The plain fields that a layer may state, each optional."""
    kinds = {name: field.kind for name, field in FIELDS.items()}
    return _fields(kinds, required=False, **options)


def parameter_fields(**options: Any) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
    """The generation parameters, each optional."""
    return _fields(PARAMETERS, required=False, **options)


def _fields(
    kinds: Mapping[str, Kind], **options: Any
) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
    return {name: field_of(kind, **options) for name, kind in kinds.items()}
