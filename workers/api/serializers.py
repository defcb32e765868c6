"""The body of ``POST /v1/tasks``."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from llmconfig.api.parsers import whole_numbers
from workers.messaging.queues import PRIORITIES
from workers.task_types.strict_fields import StrictSerializer, Text, WholeNumber

MAX_METADATA = 16
MAX_METADATA_LENGTH = 200


class TaskSerializer(StrictSerializer):
    """Shapes and bounds; what a task type takes is the task type's to say. What is valid has the
    names of ``enqueue``."""

    task_type = Text(max_length=100, trim_whitespace=False)
    payload = serializers.JSONField()
    priority = serializers.ChoiceField(choices=PRIORITIES, default="normal")
    deadline_seconds = WholeNumber(min_value=1, max_value=86_400, required=False)
    metadata = serializers.DictField(
        child=Text(max_length=MAX_METADATA_LENGTH, allow_blank=True, trim_whitespace=False),
        required=False,
    )
    llm = serializers.DictField(required=False, source="request")

    def validate_llm(self, value: dict[str, Any]) -> Any:
        return whole_numbers(value)

    def validate_metadata(self, value: dict[str, str]) -> dict[str, str]:
        if len(value) > MAX_METADATA:
            raise serializers.ValidationError(_("At most 16 pairs."))
        key = Text(max_length=MAX_METADATA_LENGTH, trim_whitespace=False)
        return {key.run_validation(name): text for name, text in value.items()}
