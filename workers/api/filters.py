"""What may stand behind the ``?`` of ``GET /v1/tasks``."""

from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers

from workers.api.queries import query_read
from workers.states import Status
from workers.strict import StrictSerializer, Text, Truth

PREFIX = "metadata."

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


class RunFilter(StrictSerializer):
    """The filters; ``metadata.KEY=VALUE`` stands for each pair. ``user`` is for staff."""

    status = serializers.ChoiceField(choices=Status.choices, required=False)
    task_type = Text(max_length=100, trim_whitespace=False, required=False)
    model = Text(max_length=255, trim_whitespace=False, required=False)
    fallback_used = Truth(required=False)
    created_after = serializers.DateTimeField(required=False)
    created_before = serializers.DateTimeField(required=False)
    retry_of = serializers.UUIDField(required=False)
    parent_id = serializers.UUIDField(required=False)
    user = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)


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
