"""How the operations of ``/v1/tasks`` describe themselves."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema

from llmconfig.api.examples import LLM_CONFIG
from llmconfig.api.pages import PAGE
from llmconfig.api.problem_responses import Told, problems
from llmconfig.values.errors import (
    ModelNotAllowed,
    ModelStatedTwice,
    NoAllowedModel,
    PreferenceTooLarge,
    RequestLayerNotPermitted,
    UnknownTaskType,
)
from workers import task_types
from workers.api.filters import METADATA, RunFilter
from workers.api.schemas import (
    IDEMPOTENCY_KEY,
    LOCATION,
    TASK,
    TASK_ID,
    AcceptedTask,
    ResultAlone,
    Run,
    TaskPage,
)
from workers.runs.errors import (
    DeadlineTooLong,
    IdempotencyKeyReused,
    InvalidIdempotencyKey,
    InvalidPayload,
    PayloadNotStorable,
    PayloadTooLarge,
    RunFinished,
    RunNotFinished,
    RunWithoutResult,
    TooManyActiveRuns,
    UnknownRun,
)

TAGS = ["tasks"]
ID = "7f2c1f0e-4f6b-4c39-9d0e-3b1f6a2d5c11"
URL = f"/v1/tasks/{ID}"

ENTRIES = {
    "entries": [
        {"date": "2026-11-16", "text": "Paired on the import; it is twice as fast."},
        "Reviewed two changes.",
    ],
    "context": {"team": "Data"},
}
ACCEPTED = {"task_id": ID, "status": "queued", "status_url": URL, "llm_config": LLM_CONFIG}
RESULT = {"content": "Hello."}
LEFT_OUT = {
    "code": "entries_left_out",
    "detail": "12 of 400 entries were left out, the oldest first: together they do not fit the"
    " context of llama3.2:7b, which has 8192 tokens.",
}
INSIGHT = {"content": "The import is faster.", "tags": ["performance"], "confidence": 0.8}
RUN: dict[str, Any] = {
    "task_id": ID,
    "task_type": "TASK_TYPE_TEXT_GENERATION",
    "queue": "llm.text_generation",
    "priority": "normal",
    "status": "succeeded",
    "result": RESULT,
    "notes": [],
    "error": None,
    "model_used": "llama3.2:7b",
    "fallback_used": False,
    "llm_config": LLM_CONFIG,
    "attempts": [
        {
            "number": 1,
            "model": "llama3.2:7b",
            "host": "http://127.0.0.1:11434",
            "outcome": "succeeded",
            "reason": "",
            "count": 1,
            "started_at": "2026-11-22T09:30:00.120000Z",
            "duration_ms": 840,
            "load_ms": 0,
            "queue_ms": 0,
            "first_token_ms": 110,
            "prompt_tokens": 12,
            "completion_tokens": 3,
        }
    ],
    "usage": {"prompt_tokens": 12, "completion_tokens": 3},
    "metadata": {"ticket": "A-1"},
    "deadline": "2026-11-22T09:40:00Z",
    "created_at": "2026-11-22T09:30:00Z",
    "started_at": "2026-11-22T09:30:00.100000Z",
    "finished_at": "2026-11-22T09:30:01Z",
    "retry_of": None,
    "parent_id": None,
    "feedback": None,
}
CANCELLED = {
    **RUN,
    "status": "cancelled",
    "result": None,
    "error": {"code": "cancelled", "detail": "The run was cancelled."},
    "model_used": None,
    "attempts": [],
    "usage": {"prompt_tokens": 0, "completion_tokens": 0},
    "started_at": None,
}

_ACCEPTABLE: tuple[Told, ...] = (NoAllowedModel, TooManyActiveRuns)


def _asked(name: str, **body: Any) -> OpenApiExample:
    return OpenApiExample(name, value=body, request_only=True)


def _answered(name: str, value: Any, status: int = 200) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])


LIST = extend_schema(
    operation_id="list_tasks",
    tags=TAGS,
    summary="List tasks",
    description="One's own, newest first; staff see everybody's. Filters narrow together.",
    parameters=[RunFilter, METADATA, *PAGE],
    responses={200: TaskPage, **problems(400, 404)},
    examples=[_answered("page", {"next": None, "previous": None, "results": [RUN]})],
)
SUBMIT = extend_schema(
    operation_id="submit_task",
    tags=TAGS,
    summary="Submit a task",
    description="The configuration is decided now, and told in the answer; the work is done in the"
    " background. A task has at most 256 KB as JSON, 500 entries and 20 levels.",
    parameters=[IDEMPOTENCY_KEY, LOCATION],
    request=TASK,
    responses={
        202: AcceptedTask,
        **problems(
            400,
            UnknownTaskType,
            InvalidPayload,
            InvalidIdempotencyKey,
            RequestLayerNotPermitted,
            ModelNotAllowed,
            ModelStatedTwice,
            PreferenceTooLarge,
            DeadlineTooLong,
            PayloadNotStorable,
            IdempotencyKeyReused,
            413,
            PayloadTooLarge,
            *_ACCEPTABLE,
        ),
    },
    examples=[
        _asked("prompt", task_type="TASK_TYPE_TEXT_GENERATION", payload={"prompt": "Say hello."}),
        _asked("insights", task_type="TASK_TYPE_INSIGHT_GENERATION", payload=ENTRIES),
        _asked(
            "everything",
            task_type="TASK_TYPE_DATA_ANALYSIS",
            payload=ENTRIES,
            priority="low",
            deadline_seconds=120,
            metadata={"ticket": "A-1"},
            llm={"parameters": {"temperature": 0.2}},
        ),
        _answered("accepted", ACCEPTED, 202),
    ],
)
READ = extend_schema(
    operation_id="get_task",
    tags=TAGS,
    summary="See how a task stands",
    description="Its state, its result or error, the decision it runs with, and every attempt.",
    parameters=[TASK_ID],
    responses={200: Run, **problems(UnknownRun)},
    examples=[_answered("succeeded", RUN)],
)
RESULT_READ = extend_schema(
    operation_id="get_task_result",
    tags=TAGS,
    summary="Read the result alone",
    description="409 before the end, and where the task ended without a result. With `notes` where"
    " there is something to know about how it was made.",
    parameters=[TASK_ID],
    responses={200: ResultAlone, **problems(UnknownRun, RunNotFinished, RunWithoutResult)},
    examples=[
        _answered("text", RESULT),
        _answered("insight", INSIGHT),
        _answered("of some of the entries", {**RESULT, "notes": [LEFT_OUT]}),
    ],
)
CANCEL = extend_schema(
    operation_id="cancel_task",
    tags=TAGS,
    summary="Cancel a task",
    description="Ends a task that has not ended. Cancelled once more, it stays as it is.",
    parameters=[TASK_ID],
    request=None,
    responses={200: Run, **problems(UnknownRun, RunFinished)},
    examples=[_answered("cancelled", CANCELLED)],
)
RETRY = extend_schema(
    operation_id="retry_task",
    tags=TAGS,
    summary="Do the same work again",
    description="As a new task, with the configuration of now and `retry_of`.",
    parameters=[TASK_ID, LOCATION],
    request=None,
    responses={
        202: AcceptedTask,
        **problems(
            UnknownRun,
            RunNotFinished,
            *_ACCEPTABLE,
            *(error for kind in task_types.registered() for error in kind.again_errors),
        ),
    },
    examples=[_answered("accepted", ACCEPTED, 202)],
)
