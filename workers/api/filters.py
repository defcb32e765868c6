"""What may stand behind the ``?`` of ``GET /v1/tasks``."""

import re
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema_field
from rest_framework import serializers

from workers.api.queries import query_read
from workers.runs.states import Status
from workers.task_types.strict_fields import StrictSerializer, Text, Truth

PREFIX = "metadata."
#: Of a person, as the API writes ids: a string.
USER_ID = "^[1-9][0-9]{0,17}$"
_USER_ID = re.compile(USER_ID)

METADATA = OpenApiParameter(
    "metadata",
    {
        "type": "object",
        "propertyNames": {"pattern": r"^metadata\.[^\u0000]*$"},
        "additionalProperties": {"type": "string", "pattern": r"^[^\u0000]*$"},
    },
    style="form",
    explode=True,
    description="Pairs that a task has: each is a parameter of its own, `metadata.KEY=VALUE`.",
    examples=[OpenApiExample("ticket", value={"metadata.ticket": "A-1"})],
)


@extend_schema_field({"type": "string", "pattern": USER_ID})
class UserId(Text):
    """The id of a person."""

    default_error_messages = {"user_id": _("Not the id of a user.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if not _USER_ID.fullmatch(value):
            self.fail("user_id")
        return value


class RunFilter(StrictSerializer):
    """The filters; ``metadata.KEY=VALUE`` stands for each pair. ``user`` is for staff."""

    status = serializers.ChoiceField(choices=Status.choices, required=False)
    task_type = Text(max_length=100, trim_whitespace=False, required=False)
    model = Text(max_length=255, trim_whitespace=False, required=False, help_text="That answered.")
    fallback_used = Truth(required=False)
    created_after = serializers.DateTimeField(required=False, help_text="That moment included.")
    created_before = serializers.DateTimeField(required=False, help_text="That moment excluded.")
    retry_of = serializers.UUIDField(required=False)
    parent_id = serializers.UUIDField(required=False)
    user = UserId(required=False, help_text="Those of this user; for staff.")


def filters_parse(query: QueryDict, others: frozenset[str]) -> dict[str, Any]:
    """The wanted values by name; ``others`` are parameters of the page.

    Raises ``ValidationError`` for an unknown one, one that is given twice, or a bad value.
    """
    given = query_read(query, others)
    pairs = {n.removeprefix(PREFIX): v for n, v in given.items() if n.startswith(PREFIX)}
    plain = {name: value for name, value in given.items() if not name.startswith(PREFIX)}
    serializer = RunFilter(data=plain)
    serializer.is_valid(raise_exception=True)
    _refuse_nul(pairs)
    return {**serializer.validated_data, **({"metadata": pairs} if pairs else {})}


def _refuse_nul(pairs: dict[str, str]) -> None:
    if bad := [name for name, value in pairs.items() if "\0" in name + value]:
        message = _("Holds the NUL character.")
        raise serializers.ValidationError({PREFIX + name: [message] for name in bad})
