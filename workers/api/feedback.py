"""``/v1/tasks/{id}/feedback``: what the one who asked thinks of the result."""

from typing import ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from llmconfig.api.problem_responses import problems
from workers.api.feedback_schemas import GIVEN, TOLD, FeedbackAnswer, FeedbackSerializer
from workers.api.schemas import TASK_ID
from workers.runs.errors import (
    FeedbackNotYours,
    RunNotFinished,
    RunWithoutResult,
    UnknownFeedback,
    UnknownRun,
)
from workers.runs.feedback import feedback_give, feedback_withdraw
from workers.runs.run_json import feedback_json
from workers.runs.selectors import run_visible


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
        return Response(feedback_json(given))

    @extend_schema(
        operation_id="withdraw_task_judgement",
        tags=["tasks"],
        parameters=[TASK_ID],
        summary="Withdraw a judgement",
        description="As if it had never been given. Only whoever gave it withdraws it.",
        responses={204: None, **problems(UnknownRun, UnknownFeedback, FeedbackNotYours)},
    )
    def delete(self, request: Request, task_id: str) -> Response:
        feedback_withdraw(run_visible(request.user, task_id), user=request.user)
        return Response(status=204)
