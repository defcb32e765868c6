"""A run as JSON (the shape other programs depend on: add fields, never rename)."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from llmconfig.api.moments import moment_json
from llmconfig.values.errors import MalformedConfig
from llmconfig.values.types import ResolvedConfig
from workers.runs.final_error import error_of
from workers.runs.models import Attempt, Feedback, TaskRun, usage
from workers.runs.obstacles import Obstacle
from workers.runs.states import Status


def run_accepted(run: TaskRun) -> dict[str, Any]:
    """The answer to ``POST /v1/tasks``."""
    return {
        "task_id": str(run.pk),
        "status": run.status,
        "status_url": reverse("task-detail", args=[run.pk]),
        "llm_config": _config(run),
    }


def run_json(run: TaskRun) -> dict[str, Any]:
    """The answer to ``GET /v1/tasks/{id}``."""
    attempts = list(run.attempts.all())
    status = run.status_at(timezone.now())
    return {
        "task_id": str(run.pk),
        "task_type": run.task_type,
        "queue": run.queue,
        "priority": run.priority,
        "status": status,
        "waits_for": waits_for_json(run, status),
        "result": run.result,
        "notes": notes_json(run.notes),
        "error": run.error or _error_of(status, attempts),
        "model_used": run.model_used or None,
        "fallback_used": run.fallback_used,
        "llm_config": _config(run),
        "attempts": [attempt_json(attempt) for attempt in attempts],
        "usage": _usage(run, attempts),
        "metadata": run.metadata,
        "deadline": moment_json(run.deadline),
        "created_at": moment_json(run.created_at),
        "started_at": moment_json(run.started_at),
        "finished_at": moment_json(run.finished_at),
        "retry_of": _id(run.retry_of_id),
        "parent_id": _id(run.parent_id),
        "feedback": feedback_json(getattr(run, "feedback", None)),
    }


def waits_for_json(run: TaskRun, status: str) -> dict[str, Any] | None:
    """What keeps a parked run waiting; None where it is not parked."""
    if status != Status.RETRYING or not run.parked_on:
        return None
    obstacle = Obstacle.read(run.parked_on)
    return {"kind": str(obstacle.kind), "names": list(obstacle.names)}


def notes_json(notes: list[dict[str, str]]) -> list[dict[str, str]]:
    """What to know about a result, or about a report."""
    return [{"code": note["code"], "detail": note["detail"]} for note in notes]


def result_json(run: TaskRun) -> dict[str, Any]:
    """The answer to ``GET /v1/tasks/{id}/result``: the result, with its notes where it has some."""
    result: dict[str, Any] = run.result or {}
    return {**result, "notes": notes_json(run.notes)} if run.notes else result


def _usage(run: TaskRun, attempts: list[Attempt]) -> dict[str, int]:
    """With the tokens of its parts, which ``runs_for_telling`` counts."""
    own = usage(attempts)
    return {name: count + (getattr(run, f"parts_{name}", 0) or 0) for name, count in own.items()}


def feedback_json(given: Feedback | None) -> dict[str, Any] | None:
    """The judgement of a result, with what made it; None where there is none."""
    if given is None:
        return None
    return {
        "rating": given.rating,
        "comment": given.comment,
        "model": given.model,
        "fallback_used": given.fallback_used,
        "source": given.source,
        "created_at": moment_json(given.created_at),
        "updated_at": moment_json(given.updated_at),
    }


def attempt_json(attempt: Attempt) -> dict[str, Any]:
    """One entry of ``attempts``."""
    return {
        "number": attempt.number,
        "model": attempt.model,
        "host": attempt.host,
        "outcome": attempt.outcome,
        "reason": attempt.reason,
        "count": attempt.count,
        "started_at": moment_json(attempt.started_at),
        "duration_ms": attempt.duration_ms,
        "load_ms": attempt.load_ms,
        "queue_ms": attempt.queue_ms,
        "first_token_ms": attempt.first_token_ms,
        "prompt_tokens": attempt.prompt_tokens,
        "completion_tokens": attempt.completion_tokens,
    }


def _config(run: TaskRun) -> dict[str, Any] | None:
    """None for what a foreign producer wrote and nobody can read."""
    try:
        config = ResolvedConfig.from_wire(run.llm_config).to_wire()
    except MalformedConfig:
        return None
    if resolved_at := run.llm_config.get("resolved_at"):
        config["resolved_at"] = resolved_at
    return config


def _error_of(status: str, attempts: list[Attempt]) -> dict[str, str] | None:
    """A run that reads as expired before anybody wrote it so has its reason all the same."""
    return error_of("deadline_exceeded", attempts) if status == Status.EXPIRED else None


def _id(value: Any) -> str | None:
    return str(value) if value else None
