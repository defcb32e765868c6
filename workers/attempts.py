"""Making one attempt: from a run's decision to a call of the backend, and to a row."""

import copy
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
from workers import backend, output
from workers.models import Attempt, TaskRun
from workers.outcomes import AttemptFailed, Outcome
from workers.plan import Past, Try
from workers.prompts import Prompt
from workers.task_types import Result, TaskType

DEFAULT_LOAD_TIMEOUT_SECONDS = 300.0


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
    cancelled: threading.Event,
) -> Made:
    """Call the model that ``step`` names and check its answer. Raises nothing of the backend's."""
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
        generation = backend.generate(request, limits, cancelled=cancelled)
        _note_generation(attempt, generation)
        result = kind.finish(_checked(kind, generation.content))
    except AttemptFailed as failed:
        _note_failure(attempt, failed)
        return Made(attempt=_timed(attempt, began))
    attempt.outcome = Outcome.SUCCEEDED
    return Made(attempt=_timed(attempt, began), result=result)


def past_of(attempts: list[Attempt]) -> list[Past]:
    """The attempts as the plan sees them."""
    return [
        Past(
            model=attempt.model,
            outcome=Outcome(attempt.outcome),
            retry_after_seconds=attempt.retry_after_seconds,
        )
        for attempt in attempts
    ]


def attempt_save(attempt: Attempt, earlier: list[Attempt]) -> list[Attempt]:
    """Store an attempt under the next number; all attempts now. ``earlier`` is left as it is, so
    that a transaction which failed can be made again.

    A host that stays unreachable is one row with a growing count, not a row for every try.
    """
    last = earlier[-1] if earlier else None
    if last and attempt.outcome == last.outcome == Outcome.HOST and _same(last, attempt):
        again = copy.copy(last)
        again.count += 1
        again.duration_ms += attempt.duration_ms
        again.save(update_fields=["count", "duration_ms"])
        return [*earlier[:-1], again]
    attempt.number = 1 + max((a.number or 0 for a in earlier), default=0)
    attempt.save(force_insert=True)
    return [*earlier, attempt]


def _same(one: Attempt, other: Attempt) -> bool:
    return (one.model, one.host) == (other.model, other.host)


def _model_parameters(config: ResolvedConfig, step: Try) -> dict[str, Any]:
    return dict(config.model_parameters["fallback" if step.is_fallback else "primary"])


def _checked(kind: TaskType, text: str) -> Result:
    if kind.output_schema is None:
        return {"content": output.text_checked(text)}
    return output.json_checked(text, kind.output_schema)


def _note_generation(attempt: Attempt, generation: backend.Generation) -> None:
    attempt.first_token_ms = generation.first_token_ms
    attempt.prompt_tokens = generation.prompt_tokens
    attempt.completion_tokens = generation.completion_tokens


def _note_failure(attempt: Attempt, failed: AttemptFailed) -> None:
    attempt.outcome = failed.outcome
    attempt.reason = failed.reason[:500]
    attempt.retry_after_seconds = failed.retry_after_seconds
    attempt.first_token_ms = attempt.first_token_ms or failed.first_token_ms
    attempt.prompt_tokens = attempt.prompt_tokens or failed.prompt_tokens
    attempt.completion_tokens = attempt.completion_tokens or failed.completion_tokens


def _timed(attempt: Attempt, began: float) -> Attempt:
    attempt.duration_ms = round((time.monotonic() - began) * 1000)
    return attempt
