"""What a judgement of a result is on the wire: as it is sent, and as it is told."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from llmconfig.api.schemas import Shape
from workers.task_types.strict_fields import StrictSerializer, Text

MAX_COMMENT = 2000


@extend_schema_field({"type": "integer", "enum": [-1, 1]})
class RatingField(serializers.ChoiceField):
    """The number itself: neither "1" nor true is a rating."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=[-1, 1], **options)

    def to_internal_value(self, data: Any) -> int:  # type: ignore[override]  # of numbers
        if isinstance(data, bool) or data not in (-1, 1):
            self.fail("invalid_choice", input=data)
        return int(data)


@extend_schema_field({"type": "string", "maxLength": MAX_COMMENT, "pattern": r"^[^\u0000]*$"})
class CommentField(serializers.Field[str, Any, str, Any]):
    """Any text that can be stored, the empty one too."""

    text = Text(max_length=MAX_COMMENT, allow_blank=True, trim_whitespace=False)

    def to_internal_value(self, data: Any) -> str:
        return str(self.text.run_validation(data))


class FeedbackSerializer(StrictSerializer):
    """The body."""

    rating = RatingField(help_text="1: good, −1: bad.")
    comment = CommentField(required=False)


class FeedbackAnswer(Shape):
    """A judgement, with what made the result."""

    rating = RatingField()
    comment = serializers.CharField(max_length=MAX_COMMENT, allow_blank=True)
    model = serializers.CharField(help_text="The model that answered.")
    fallback_used = serializers.BooleanField()
    source = serializers.CharField(help_text="The layer that supplied the model.")  # type: ignore[assignment]  # DRF keeps fields apart
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


GIVEN = {"rating": 1, "comment": "Just what I needed."}
TOLD = {
    **GIVEN,
    "model": "llama3.2:3b",
    "fallback_used": False,
    "source": "task_type",
    "created_at": "2026-11-22T07:00:00Z",
    "updated_at": "2026-11-22T07:00:00Z",
}
