"""The shapes of runs on the wire, for the API's description. They describe and render nothing."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers

from llmconfig.api.schemas import ClosedShape, LlmConfig, Shape, StatementBody
from workers import task_types
from workers.api.feedback_schemas import FeedbackAnswer
from workers.api.serializers import MAX_METADATA, MAX_METADATA_LENGTH
from workers.messaging.queues import PRIORITIES
from workers.runs.obstacles import Kind
from workers.runs.outcomes import Outcome
from workers.runs.states import Status
from workers.submission.idempotency import MAX_LENGTH, PRINTABLE
from workers.task_types import TaskType
from workers.task_types.names import PREFIX

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "pattern": PRINTABLE},
    OpenApiParameter.HEADER,
    description="For 24 hours, the same request with the same key stands for one run.",
)
LOCATION = OpenApiParameter(
    "Location",
    str,
    OpenApiParameter.HEADER,
    response=[202],
    description="Where the task tells how it stands: `status_url`.",
)
TASK_ID = OpenApiParameter(
    "task_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="A task of one's own."
)


@extend_schema_field(
    {
        "type": "object",
        "maxProperties": MAX_METADATA,
        "propertyNames": {
            "minLength": 1,
            "maxLength": MAX_METADATA_LENGTH,
            "pattern": r"^[^\u0000]+$",
        },
        "additionalProperties": {
            "type": "string",
            "maxLength": MAX_METADATA_LENGTH,
            "pattern": r"^[^\u0000]*$",
        },
    }
)
class Metadata(serializers.DictField):
    """Pairs of strings."""


class TaskBody(ClosedShape):
    """What every task takes, whatever its type."""

    priority = serializers.ChoiceField(
        choices=PRIORITIES, required=False, help_text="`normal` where it is absent."
    )
    deadline_seconds = serializers.IntegerField(
        min_value=1,
        max_value=86_400,
        required=False,
        help_text="Shorter than the configured one.",
    )
    metadata = Metadata(required=False, help_text="Returned and filterable, never in the prompt.")
    llm = StatementBody(
        required=False, help_text="Configuration of this task alone, where that is permitted."
    )


def _body(kind: TaskType) -> type[TaskBody]:
    @extend_schema_field({"type": "string", "const": kind.name})
    class Name(serializers.CharField):
        pass

    words = kind.name.removeprefix(PREFIX).split("_")
    fields = {
        "__doc__": f"{kind.name}. The payload has at most 256 KB as JSON, and 20 levels.",
        "task_type": Name(),
        "payload": kind.payload(),
    }
    return type("".join(word.capitalize() for word in words) + "Task", (TaskBody,), fields)


def _bodies() -> dict[str, Shape | type[Shape]]:
    return {kind.name: _body(kind) for kind in task_types.registered()}


#: A task of any registered type.
TASK = PolymorphicProxySerializer(
    component_name="Task", serializers=_bodies, resource_type_field_name="task_type"
)


class RunConfig(LlmConfig):
    """The decision made when the task was accepted."""

    resolved_at = serializers.DateTimeField(
        required=False, help_text="Only where no producer had decided: when a worker did."
    )


class AcceptedTask(Shape):
    task_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Status.values)
    status_url = serializers.CharField()
    llm_config = RunConfig()


class Result(Shape):
    """What the model wrote; other task types may have more."""

    content = serializers.CharField()
    tags = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Of insights."
    )
    confidence = serializers.FloatField(
        required=False, min_value=0, max_value=1, help_text="Of insights."
    )


class Note(Shape):
    """What to know about how a result was made."""

    code = serializers.CharField(
        help_text="A stable word. `entries_left_out`: the prompt had no room for all entries."
    )
    detail = serializers.CharField(help_text="In words, with numbers.")


class ResultAlone(Result):
    """A result with its notes."""

    notes = Note(many=True, required=False, help_text="Absent: there are none.")


class RunError(Shape):
    """Why a task has no result, with a line for each attempt."""

    code = serializers.CharField()
    detail = serializers.CharField()


class Attempt(Shape):
    """One call of one model, or the note that a model was skipped."""

    number = serializers.IntegerField(allow_null=True, help_text="From 1; null: skipped.")
    model = serializers.CharField()
    host = serializers.CharField()
    outcome = serializers.ChoiceField(choices=[str(outcome) for outcome in Outcome])
    reason = serializers.CharField()
    count = serializers.IntegerField(min_value=1, help_text="How often the same happened.")
    started_at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField(min_value=0, help_text="Loading included.")
    load_ms = serializers.IntegerField(
        min_value=0,
        allow_null=True,
        help_text="Until the model was loaded; null: not known.",
    )
    queue_ms = serializers.IntegerField(
        min_value=0,
        allow_null=True,
        help_text="Spent in the model server's own queue; null: not known.",
    )
    first_token_ms = serializers.IntegerField(
        min_value=0, allow_null=True, help_text="From the end of the load to the first token."
    )
    prompt_tokens = serializers.IntegerField(min_value=0, allow_null=True)
    completion_tokens = serializers.IntegerField(min_value=0, allow_null=True)


class Usage(Shape):
    """Tokens over all attempts, those of its parts included."""

    prompt_tokens = serializers.IntegerField(min_value=0)
    completion_tokens = serializers.IntegerField(min_value=0)


class WaitsFor(Shape):
    """What keeps a task waiting that is `retrying`."""

    kind = serializers.ChoiceField(
        choices=[str(kind) for kind in Kind],
        help_text="`permit`: the model is busy with other tasks on its host; `host`: its server"
        " does not answer; `breaker`: it has failed; `queue`, `model`: paused by staff; `parts`:"
        " tasks that do a share of it.",
    )
    names = serializers.ListField(
        child=serializers.CharField(),
        help_text="The queue or models; of a permit, host and model; of parts, their round.",
    )


@extend_schema_serializer(component_name="TaskState")
class Run(Shape):
    """A task as it stands."""

    task_id = serializers.UUIDField()
    task_type = serializers.CharField()
    queue = serializers.CharField()
    priority = serializers.ChoiceField(choices=PRIORITIES)
    status = serializers.ChoiceField(choices=Status.values)
    waits_for = WaitsFor(allow_null=True, help_text="Null: it waits for nothing in particular.")
    result = Result(allow_null=True)
    notes = Note(many=True, help_text="About the result; usually none.")
    error = RunError(allow_null=True)
    model_used = serializers.CharField(allow_null=True)
    fallback_used = serializers.BooleanField()
    llm_config = RunConfig(allow_null=True, help_text="Null: it cannot be read.")
    attempts = Attempt(many=True)
    usage = Usage()
    metadata = serializers.DictField(child=serializers.CharField())
    deadline = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    retry_of = serializers.UUIDField(allow_null=True)
    parent_id = serializers.UUIDField(allow_null=True)
    feedback = FeedbackAnswer(allow_null=True, help_text="Null: nobody has judged the result.")


class TaskPage(Shape):
    """Newest first."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = Run(many=True)
