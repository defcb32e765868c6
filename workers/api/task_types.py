"""``GET /v1/llm/task-types``: what may be submitted, and what comes back."""

from typing import Any

from django.utils.cache import patch_cache_control
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from llmconfig.values.fields import FIELDS
from workers import task_types
from workers.messaging.queues import queue_name
from workers.task_types.payloads import MAX_DEPTH, MAX_PAYLOAD_BYTES
from workers.task_types.schemas import payload_schema, result_schema


class PayloadLimits(serializers.Serializer[Any]):
    """What no JSON Schema can say of a payload as a whole."""

    bytes = serializers.IntegerField(help_text="As compact JSON in UTF-8.")
    depth = serializers.IntegerField(help_text="Levels of nesting, the payload itself included.")


class TaskTypeTold(serializers.Serializer[Any]):
    """One kind of work."""

    name = serializers.CharField(help_text="The `task_type` of a task.")
    queue = serializers.CharField(help_text="Of priority `normal`; `low` has a twin, `….low`.")
    payload_schema = serializers.DictField(help_text="JSON Schema (2020-12) of `payload`.")
    payload_limits = PayloadLimits()
    result_schema = serializers.DictField(
        help_text="JSON Schema (2020-12) of `result`, of a task that has succeeded."
    )
    deadline_seconds = serializers.IntegerField(
        help_text="Of a whole task, where nothing configured says otherwise."
    )
    streams = serializers.BooleanField(
        help_text="Whether the text is told as it is written, in the task's events."
    )


class TaskTypesAnswer(serializers.Serializer[Any]):
    """All that is registered, in the order of their names."""

    task_types = TaskTypeTold(many=True)


EXAMPLE = {
    "task_types": [
        {
            "name": "TASK_TYPE_TEXT_GENERATION",
            "queue": "llm.text_generation",
            "payload_schema": {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "properties": {"prompt": {"type": "string", "maxLength": 200000}},
                "required": ["prompt"],
                "additionalProperties": False,
            },
            "payload_limits": {"bytes": MAX_PAYLOAD_BYTES, "depth": MAX_DEPTH},
            "result_schema": {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "properties": {"content": {"type": "string", "minLength": 1}},
                "required": ["content"],
                "additionalProperties": False,
            },
            "deadline_seconds": 600,
            "streams": True,
        }
    ]
}


class TaskTypeListView(APIView):
    """Tells the task types."""

    @extend_schema(
        operation_id="list_task_types",
        tags=["tasks"],
        summary="The task types",
        description="What each takes and gives, as the JSON Schema that is checked.",
        responses={200: TaskTypesAnswer},
        examples=[OpenApiExample("One", value=EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        response = Response(
            {"task_types": [_task_type_json(kind) for kind in task_types.registered()]}
        )
        patch_cache_control(response, private=True, no_cache=True)
        return response


def _task_type_json(kind: task_types.TaskType) -> dict[str, Any]:
    return {
        "name": kind.name,
        "queue": queue_name(kind.name),
        "payload_schema": payload_schema(kind),
        "payload_limits": {"bytes": MAX_PAYLOAD_BYTES, "depth": MAX_DEPTH},
        "result_schema": result_schema(kind),
        "deadline_seconds": kind.defaults.get(
            "deadline_seconds", FIELDS["deadline_seconds"].default
        ),
        # What must be valid JSON is told when it is whole.
        "streams": kind.output_schema is None,
    }
