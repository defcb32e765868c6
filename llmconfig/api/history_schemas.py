"""The shapes of a document's history and of the way back, for the API's description."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from llmconfig.api.row_versions import NUMBER_PATTERN, VERSION
from llmconfig.api.schemas import ClosedShape, Fields, Shape, Statement
from llmconfig.history.entries import CHANGED, CREATED, REMOVED, RETURNED


@extend_schema_field({})
class AnyValue(serializers.JSONField):
    """A value of any type."""


class Change(Shape):
    """One field as it was and as it is; null: states nothing."""

    def get_fields(self) -> Fields:
        path = "Nested ones by path: `parameters.temperature`."
        return {
            "field": serializers.CharField(help_text=path),
            "old": AnyValue(),
            "new": AnyValue(),
        }


class HistoryEntry(Shape):
    """One change of one row."""

    preference = serializers.CharField(help_text="The row; with the version it is one place.")
    version = serializers.IntegerField(min_value=0)
    task_type = serializers.CharField(
        allow_null=True, help_text="What it states for. Null: for all task types."
    )
    kind = serializers.ChoiceField(
        choices=[CREATED, CHANGED, REMOVED, RETURNED],
        help_text="`returned`: a deleted row was made again.",
    )
    at = serializers.DateTimeField()
    by = serializers.CharField(
        allow_null=True,
        help_text="The author's name, or `staff` for who is not staff. Null: nobody was named, or"
        " the author is deleted.",
    )
    source = serializers.CharField(  # type: ignore[assignment]  # a field, not the attribute
        help_text="`api`, `admin`, `command`; there may be more."
    )
    reason = serializers.CharField(allow_null=True)
    changes = Change(many=True)
    preferences = Statement(help_text="What it states since then; of a deletion, stated.")


class HistoryPage(Shape):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = HistoryEntry(many=True)


class RollbackBody(ClosedShape):
    """A row of the document at a version, as the history tells them."""

    preference = serializers.RegexField(NUMBER_PATTERN)
    version = serializers.IntegerField(min_value=VERSION.minimum, max_value=VERSION.maximum)


#: An example of an entry.
ENTRY: dict[str, Any] = {
    "preference": "12",
    "version": 3,
    "task_type": None,
    "kind": "changed",
    "at": "2026-11-22T12:00:00.000000Z",
    "by": "ada",
    "source": "api",
    "reason": "too slow",
    "changes": [{"field": "model", "old": "llama3.2:7b", "new": "llama3.2:3b"}],
    "preferences": {"model": "llama3.2:3b", "timeout_seconds": 90},
}
