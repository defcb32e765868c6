"""One attempt: from the run's configuration to a call of the backend, and to its row."""

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from llmconfig.resolution.selectors import reload_options
from llmconfig.resolution.window_lookup import window_of
from llmconfig.values.types import ResolvedConfig
from llmconfig.values.windows import Window
from workers.backends import load_faults, ollama, output, unopened_thinking
from workers.backends.thinking import cut_thinking
from workers.execution.generation import Asking
from workers.execution.plan import Try
from workers.gates import reachability
from workers.gates.system_limits import system_limits
from workers.gates.verdicts import Verdict, verdict_of
from workers.runs.claims import Claim
from workers.runs.models import Attempt, TaskRun
from workers.runs.outcomes import AttemptFailed, Cause, Outcome
from workers.streaming.attempt_stream import spoken
from workers.streaming.cursors import Take
from workers.task_types import Result, TaskType
from workers.task_types.drafts import Draft
from workers.task_types.fitting import prompt_tokens_at_most
from workers.task_types.notes import Note
from workers.task_types.prompts import Prompt

logger = logging.getLogger(__name__)

DEFAULT_LOAD_TIMEOUT_SECONDS = 300.0
#: Attributes that a `backend.Generation` and an `AttemptFailed` share with the row.
MEASURED = ("load_ms", "queue_ms", "first_token_ms", "prompt_tokens", "completion_tokens")


@dataclass(frozen=True, kw_only=True)
class Made:
    """An attempt that has ended: its row (not saved yet) and, if it succeeded, the result."""

    attempt: Attempt
    result: Result | None = None
    #: What is to be noted on the run beside the result.
    notes: tuple[Note, ...] = ()
    #: Why it has no result; None where it has one.
    failed: AttemptFailed | None = None


def attempt_make(
    run: TaskRun,
    kind: TaskType,
    prompt: Prompt | Draft,
    config: ResolvedConfig,
    step: Try,
    take: Take,
    claim: Claim,
) -> Made:
    """Call the model that ``step`` names and check its answer. Raises nothing of the backend's.

    Who watches the run is told of it as ``take``.
    """
    reload = dict(reload_options(step.model))
    load_timeout: Any = reload.pop("load_timeout_seconds", DEFAULT_LOAD_TIMEOUT_SECONDS)
    window = window_of(step.model, loaded={})
    if isinstance(prompt, Prompt) and take.attempt == 1:
        _warn_if_long(run, prompt, step.model, window)
    request = ollama.GenerationRequest(
        host=settings.OLLAMA_HOST,
        model=step.model,
        prompt="",
        format=None if kind.output_schema is None else dict(kind.output_schema),
        options={**_model_parameters(config, step), **config.parameters, **reload},
        may_skip_thinking=step.is_fallback,
        expected_window=window.tokens,
    )
    limits = ollama.Limits(
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
        with spoken(attempt, kind, take, claim.lost) as on_text:
            asking = Asking(
                request=request,
                limits=limits,
                window=window,
                cancelled=claim.lost,
                on_text=on_text,
                on_token=claim.heard.set,
            )
            answered = asking.answer(prompt)
        _note_measured(attempt, answered.generation)
        _note_thinking(attempt, answered.generation)
        result = kind.finish(_checked(kind, answered.generation.content))
    except AttemptFailed as failed:
        _note_failure(attempt, failed, waited_seconds=time.monotonic() - began)
        return Made(attempt=_timed(attempt, began), failed=failed)
    attempt.outcome = Outcome.SUCCEEDED
    reachability.note(attempt.host, is_up=True)
    load_faults.clear(attempt.host, attempt.model)
    return Made(attempt=_timed(attempt, began), result=result, notes=answered.notes)


def _warn_if_long(run: TaskRun, prompt: Prompt, model: str, window: Window) -> None:
    """Log, for a run's first attempt, an estimate beyond the window; the server decides."""
    estimate = prompt_tokens_at_most(prompt.system, prompt.user)
    if estimate > window.tokens:
        logger.warning(
            "Run %s: its prompt has up to %d tokens, and the context of %s %d (%s)",
            run.pk,
            estimate,
            model,
            window.tokens,
            window.place,
            extra={"action": "long_prompt", "run_id": str(run.pk), "model": model},
        )


def verdict(made: Made, task_type: str) -> Verdict:
    """What the attempt says of its model's health."""
    if made.failed is None:
        return Verdict.ANSWERED
    attempt, silent_ms = made.attempt, made.failed.silent_ms
    return verdict_of(
        made.failed.cause,
        lambda: system_limits(task_type),
        silent_seconds=None if silent_ms is None else silent_ms / 1000,
        lasted_seconds=(attempt.duration_ms - (attempt.load_ms or 0)) / 1000,
    )


def queued_note(attempt: Attempt) -> None:
    """Have an attempt that was `slow` count as one that waited in the server's queue."""
    failed = ollama.failure(Cause.SERVER_QUEUE)
    attempt.outcome, attempt.cause = failed.outcome, Cause.SERVER_QUEUE
    attempt.reason = failed.reason


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
    return output.json_checked(text, kind.output_schema, kind.coerce)


def _note_measured(attempt: Attempt, measured: ollama.Generation | AttemptFailed) -> None:
    """Fill in what is not known yet: an answer whose text is refused was measured before."""
    for name in MEASURED:
        if getattr(attempt, name) is None:
            setattr(attempt, name, getattr(measured, name))


def _note_thinking(attempt: Attempt, generation: ollama.Generation) -> None:
    began_inside = cut_thinking(generation.content).began_inside
    unopened_thinking.note(attempt.host, attempt.model, found=began_inside)


def _note_failure(attempt: Attempt, failed: AttemptFailed, *, waited_seconds: float) -> None:
    if failed.outcome is Outcome.HOST and _is_proof(failed, waited_seconds):
        reachability.note(attempt.host, is_up=False, reason=failed.reason)
    if failed.cause in (Cause.CANNOT_LOAD, Cause.MODEL_REFUSED):
        # A model that was loaded already failed for this run alone.
        is_of_load = failed.cause is Cause.CANNOT_LOAD and failed.load_ms is not None
        load_faults.note(attempt.host, attempt.model, failed.reason, is_of_load=is_of_load)
    attempt.outcome = failed.outcome
    attempt.cause = failed.cause or ""
    attempt.reason = failed.reason[:500]
    attempt.retry_after_seconds = failed.retry_after_seconds
    _note_measured(attempt, failed)


def _is_proof(failed: AttemptFailed, waited_seconds: float) -> bool:
    """Whether the other runs of this process may take the host for away: not where a run's own
    limit ended its wait for a connection sooner than a probe would."""
    return failed.cause is not Cause.CONNECT_TIMEOUT or waited_seconds >= ollama.PROBE_SECONDS


def _timed(attempt: Attempt, began: float) -> Attempt:
    attempt.duration_ms = round((time.monotonic() - began) * 1000)
    return attempt
