"""Making one attempt: from a run's decision to a call of the backend, and to a row."""

import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from llmconfig.selectors import reload_options
from llmconfig.types import ResolvedConfig
from workers import backend, output, reachability
from workers.events.cursors import Take
from workers.events.speech import spoken
from workers.models import Attempt, TaskRun
from workers.outcomes import AttemptFailed, Outcome
from workers.plan import Try
from workers.prompts import Prompt
from workers.task_types import Result, TaskType

DEFAULT_LOAD_TIMEOUT_SECONDS = 300.0
#: Attributes that a `backend.Generation` and an `AttemptFailed` share with the row.
MEASURED = ("load_ms", "queue_ms", "first_token_ms", "prompt_tokens", "completion_tokens")


@dataclass(frozen=True, kw_only=True)
class Made:
    """An attempt that has ended: its row (not saved yet) and, if it succeeded, the result."""

    attempt: Attempt
    result: Result | None = None


def attempt_make(
    run: TaskRun,
    kind: TaskType,
    prompt: Prompt,
    config: ResolvedConfig,
    step: Try,
    take: Take,
    cancelled: threading.Event,
) -> Made:
    """Call the model that ``step`` names and check its answer. Raises nothing of the backend's.

    Who watches the run is told of it as ``take``.
    """
    reload = dict(reload_options(step.model))
    load_timeout: Any = reload.pop("load_timeout_seconds", DEFAULT_LOAD_TIMEOUT_SECONDS)
    request = backend.GenerationRequest(
        host=settings.OLLAMA_HOST,
        model=step.model,
        system=prompt.system,
        prompt=prompt.user,
        format=None if kind.output_schema is None else dict(kind.output_schema),
        options={**_model_parameters(config, step), **config.parameters, **reload},
    )
    limits = backend.Limits(
        timeout_seconds=step.timeout_seconds,
        first_token_timeout_seconds=config.first_token_timeout_seconds,
        load_timeout_seconds=float(load_timeout),
        deadline=timezone.now() + timedelta(seconds=step.budget_seconds),
    )
    attempt = Attempt(
        run=run,
        model=step.model,
        host=settings.OLLAMA_HOST,
        reload_options=reload,
        started_at=timezone.now(),
    )
    # None is held while the model writes: the connection goes back to the pool.
    connection.close()
    began = time.monotonic()
    try:
        with spoken(attempt, kind, take, cancelled) as on_text:
            generation = backend.generate(request, limits, cancelled=cancelled, on_text=on_text)
        _note_measured(attempt, generation)
        result = kind.finish(_checked(kind, generation.content))
    except AttemptFailed as failed:
        _note_failure(attempt, failed)
        return Made(attempt=_timed(attempt, began))
    attempt.outcome = Outcome.SUCCEEDED
    reachability.note(attempt.host, is_up=True)
    return Made(attempt=_timed(attempt, began), result=result)


def longest_seconds(step: Try) -> float:
    """How long the call that ``step`` names may take, loading included."""
    load_timeout: Any = reload_options(step.model).get("load_timeout_seconds")
    limit = float(load_timeout or DEFAULT_LOAD_TIMEOUT_SECONDS) + step.timeout_seconds
    return min(step.budget_seconds, limit)


def _model_parameters(config: ResolvedConfig, step: Try) -> dict[str, Any]:
    return dict(config.model_parameters["fallback" if step.is_fallback else "primary"])


def _checked(kind: TaskType, text: str) -> Result:
    if kind.output_schema is None:
        return {"content": output.text_checked(text)}
    return output.json_checked(text, kind.output_schema)


def _note_measured(attempt: Attempt, measured: backend.Generation | AttemptFailed) -> None:
    """Fill in what is not known yet: an answer whose text is refused was measured before."""
    for name in MEASURED:
        if getattr(attempt, name) is None:
            setattr(attempt, name, getattr(measured, name))


def _note_failure(attempt: Attempt, failed: AttemptFailed) -> None:
    if failed.outcome is Outcome.HOST:
        reachability.note(attempt.host, is_up=False)
    attempt.outcome = failed.outcome
    attempt.cause = failed.cause or ""
    attempt.reason = failed.reason[:500]
    attempt.retry_after_seconds = failed.retry_after_seconds
    _note_measured(attempt, failed)


def _timed(attempt: Attempt, began: float) -> Attempt:
    attempt.duration_ms = round((time.monotonic() - began) * 1000)
    return attempt
