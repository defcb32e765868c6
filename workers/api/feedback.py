"""``/v1/tasks/{id}/feedback``: what the one who asked thinks of the result."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from llmconfig.api.problem_responses import problems
from workers.api.schemas import TASK_ID
from workers.api.wire import feedback_told
from workers.errors import (
    FeedbackNotYours,
    RunNotFinished,
    RunWithoutResult,
    UnknownFeedback,
    UnknownRun,
)
from workers.feedback import feedback_give, feedback_withdraw
from workers.selectors import run_visible
from workers.strict import StrictSerializer, Text

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


class FeedbackAnswer(serializers.Serializer[Any]):
    """A judgement, with what made the result."""

    rating = RatingField()
    comment = serializers.CharField(max_length=MAX_COMMENT, allow_blank=True)
    model = serializers.CharField(help_text="The model that answered.")
    fallback_used = serializers.BooleanField()
    source = serializers.CharField(help_text="The layer that chose the model.")  # type: ignore[assignment]  # DRF keeps fields apart
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


class TaskFeedbackView(APIView):
    """Gives and withdraws the feedback of a run, of which there is one at most."""

    rate_scopes: ClassVar[dict[str, str]] = {"POST": "submit", "DELETE": "submit"}

    @extend_schema(
        operation_id="judge_task_result",
        tags=["tasks"],
        parameters=[TASK_ID],
        summary="Judge a result",
        description=(
            "Stored with the model that answered and the layer that chose it. Given once more it "
            "replaces what was given before. Only whoever submitted the task judges its result."
        ),
        request=FeedbackSerializer,
        responses={
            200: FeedbackAnswer,
            **problems(UnknownRun, RunNotFinished, RunWithoutResult, FeedbackNotYours),
        },
        examples=[
            OpenApiExample("Good", value=GIVEN, request_only=True),
            OpenApiExample("Good", value=TOLD, response_only=True, status_codes=["200"]),
        ],
    )
    def post(self, request: Request, task_id: str) -> Response:
        run = run_visible(request.user, task_id)
        serializer = FeedbackSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = feedback_give(run, user=request.user, **serializer.validated_data)
        return Response(feedback_told(given))

    @extend_schema(
        operation_id="withdraw_task_judgement",
        tags=["tasks"],
        parameters=[TASK_ID],
        summary="Withdraw a judgement",
        responses={204: None, **problems(UnknownRun, UnknownFeedback, FeedbackNotYours)},
    )
    def delete(self, request: Request, task_id: str) -> Response:
        feedback_withdraw(run_visible(request.user, task_id), user=request.user)
        return Response(status=204)
