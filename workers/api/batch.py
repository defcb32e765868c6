"""``POST /v1/tasks/batch``: many tasks in one call, each accepted or refused for itself."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from django.db import transaction
from django.urls import reverse
from drf_spectacular.utils import (
    OpenApiExample,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from llmconfig.api.parsers import StrictJSONParser
from llmconfig.api.problem_responses import Problem, problems
from llmconfig.api.problems import problem_json
from llmconfig.database.conflicts import conflicts_retried
from workers.api.schemas import IDEMPOTENCY_KEY
from workers.api.serializers import TaskSerializer
from workers.messaging.bulk_publish import runs_publish
from workers.runs.errors import IdempotencyKeyReused, InvalidIdempotencyKey
from workers.runs.models import TaskRun
from workers.runs.quota import room_left
from workers.submission.bulk_enqueue import enqueue_many
from workers.submission.idempotency import answer_once
from workers.submission.submissions import Outcome, Submission
from workers.task_types.strict_fields import StrictSerializer

logger = logging.getLogger(__name__)

MAX_TASKS = 1000
MAX_BYTES = 8 * 1024 * 1024


ASKED = {
    "tasks": [
        {"task_type": "TASK_TYPE_TEXT_GENERATION", "payload": {"prompt": "Say hello."}},
        {"task_type": "TASK_TYPE_TEXT_GENERATION", "payload": {}},
    ]
}
ANSWERED = {
    "tasks": [
        {
            "index": 0,
            "task_id": "0b6f1f9e-7f53-4f0e-9f0b-3d3c8f9d2a11",
            "status_url": "/v1/tasks/0b6f1f9e-7f53-4f0e-9f0b-3d3c8f9d2a11",
        },
        {
            "index": 1,
            "error": {
                "type": "about:blank",
                "title": "Bad Request",
                "status": 400,
                "code": "invalid_payload",
                "detail": "The payload is not what this task type takes.",
                "errors": {"payload": {"prompt": ["This field is required."]}},
            },
        },
    ]
}


class BatchParser(StrictJSONParser):
    """Of this address alone: more than one task is larger than one task."""

    max_bytes = MAX_BYTES


#: Said type by type: beside "anything at all" a generated client would forget what a task is.
ANYTHING = {
    "type": ["object", "array", "string", "number", "boolean"],
    "additionalProperties": {},
    "items": {},
}


@extend_schema_field({"anyOf": [{"$ref": "#/components/schemas/TaskRequest"}, ANYTHING]})
class TaskField(serializers.JSONField):
    """A task as ``POST /v1/tasks`` takes it. What it is not is told of this task alone."""


class BatchSerializer(StrictSerializer):
    """The body: a list of tasks."""

    tasks = serializers.ListField(
        child=TaskField(allow_null=True), min_length=1, max_length=MAX_TASKS
    )


class AcceptedItem(serializers.Serializer[Any]):
    """A task that was accepted."""

    index = serializers.IntegerField(min_value=0, help_text="Its place in the request.")
    task_id = serializers.UUIDField()
    status_url = serializers.CharField()


class RefusedItem(serializers.Serializer[Any]):
    """A task that was refused; the others do not suffer from it."""

    index = serializers.IntegerField(min_value=0, help_text="Its place in the request.")
    error = Problem()


class BatchAnswer(serializers.Serializer[Any]):
    """One outcome for each task, in their order."""

    tasks = serializers.ListField(
        child=PolymorphicProxySerializer(
            component_name="BatchOutcome",
            serializers=[AcceptedItem, RefusedItem],
            resource_type_field_name=None,
        )
    )


class BatchResponse(Response):
    """Publishes its runs when it has been sent: who asks need not wait for the broker."""

    def __init__(self, data: Any, runs: Sequence[TaskRun]) -> None:
        super().__init__(data, status=202)
        self._runs = list(runs)

    def close(self) -> None:
        runs, self._runs = self._runs, []
        try:
            runs_publish(runs)
        except Exception:
            logger.warning("A batch is stored but not published", exc_info=True)
        super().close()


class TaskBatchView(APIView):
    """Accepts up to 1,000 tasks. One that is refused refuses no other."""

    rate_scopes: ClassVar[dict[str, str]] = {"POST": "submit"}
    parser_classes = (BatchParser,)

    @extend_schema(
        operation_id="submit_tasks",
        tags=["tasks"],
        summary="Submit many tasks at once",
        description=(
            "Up to 1,000 tasks in a body of up to 8 MB. Each is accepted or refused for itself, "
            "and answered in its order: with `task_id` and `status_url`, or with the problem that "
            "`POST /v1/tasks` would have answered. The status is 202 also where all are refused. "
            "The answer comes when all are stored; they are sent to their queues after that. "
            "Of more tasks than the caller may have on their way, the first that fit are accepted."
        ),
        parameters=[IDEMPOTENCY_KEY],
        request=BatchSerializer,
        responses={
            202: BatchAnswer,
            **problems(400, InvalidIdempotencyKey, IdempotencyKeyReused),
        },
        examples=[
            OpenApiExample("One that is accepted, one that is not", value=ASKED, request_only=True),
            OpenApiExample(
                "One that is accepted, one that is not",
                value=ANSWERED,
                response_only=True,
                status_codes=["202"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        serializer = BatchSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        key = request.headers.get("Idempotency-Key")
        runs: list[TaskRun] = []

        def accept(*, is_locked: bool) -> dict[str, Any]:
            # Made again after a conflict, it begins with none.
            runs.clear()
            tasks = serializer.validated_data["tasks"]
            outcomes = _accept(tasks, request.user.pk, is_locked=is_locked)
            return {"tasks": _results(outcomes, runs)}

        if key is None:
            body = conflicts_retried(transaction.atomic(accept))(is_locked=False)
        else:
            body = answer_once(
                key=key,
                user_id=request.user.pk,
                request=request.data,
                make=lambda: accept(is_locked=True),
            )
        return BatchResponse(body, runs)


def _accept(
    items: Sequence[Any], user_id: Any, *, is_locked: bool
) -> Iterator[Outcome | ValidationError]:
    """What became of each item, in their order."""
    read = _Reader(user_id)
    asked = [read(item) for item in items]
    outcomes = enqueue_many(
        (each for each in asked if isinstance(each, Submission)),
        publish=False,
        room=lambda: room_left(user_id, is_locked=is_locked),
    )
    for each in asked:
        yield next(outcomes) if isinstance(each, Submission) else each


class _Reader:
    """Reads items, with one serializer for them all: to make one costs more than to use it."""

    def __init__(self, user_id: Any) -> None:
        self._user_id = user_id
        self._serializer = TaskSerializer()

    def __call__(self, item: Any) -> Submission | ValidationError:
        try:
            body = self._serializer.run_validation(item)
        except ValidationError as error:
            return error
        return Submission(user_id=self._user_id, **body)


def _results(outcomes: Iterable[Outcome | ValidationError], runs: list[TaskRun]) -> list[Any]:
    """The items of the answer; what is to be published is added to ``runs``."""
    items: list[dict[str, Any]] = []
    for index, outcome in enumerate(outcomes):
        error = outcome.error if isinstance(outcome, Outcome) else outcome
        if isinstance(outcome, Outcome) and outcome.run:
            runs.append(outcome.run)
            items.append(_accepted_json(index, outcome.run))
        elif error:
            items.append({"index": index, "error": problem_json(error)})
    return items


def _accepted_json(index: int, run: TaskRun) -> dict[str, Any]:
    url = reverse("task-detail", args=[run.pk])
    return {"index": index, "task_id": str(run.pk), "status_url": url}
