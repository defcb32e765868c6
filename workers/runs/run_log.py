"""Structured log lines: one at the end of each attempt and of each run, one at a fallback.

Every field stands in the message and in the record's ``extra``, where ``action`` is a stable word:
``attempt``, ``run`` or ``fallback``.
"""

import logging
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from llmconfig.values.texts import printable
from workers.runs.models import Attempt, TaskRun
from workers.runs.models.runs import usage
from workers.runs.states import Status

logger = logging.getLogger(__name__)

VALUE_LENGTH = 200


def attempt_log(run: TaskRun, attempt: Attempt, number: int) -> None:
    """``number`` is the attempt's, also where its row counts several."""
    _log(
        logging.INFO,
        "Attempt ended",
        "attempt",
        **_ids(run),
        attempt=number,
        model=attempt.model,
        host=attempt.host,
        source=_stated(run, "source"),
        outcome=str(attempt.outcome),
        seconds=round(attempt.duration_ms / 1000, 3),
        **usage([attempt]),
        reason=attempt.reason,
    )


def run_log(run: TaskRun, status: Status, attempts: Sequence[Attempt], model: str = "") -> None:
    """``model`` is the one that answered; of a run without an answer the last one called is named,
    or the one that was to be called."""
    called = [attempt for attempt in attempts if attempt.number is not None]
    last = called[-1] if called else None
    _log(
        logging.INFO,
        "Run ended",
        "run",
        **_ids(run),
        model=model or (last.model if last else _stated(run, "model")),
        host=last.host if last else "",
        source=_stated(run, "source"),
        outcome=str(status),
        seconds=round((timezone.now() - run.created_at).total_seconds(), 3),
        **usage(list(attempts)),
    )


def fallback_log(run: TaskRun, failed: Attempt, fallback: str) -> None:
    """``failed`` is the primary's last attempt, or the note why it had none."""
    _log(
        logging.WARNING,
        "Primary model failed, trying fallback",
        "fallback",
        primary_model=failed.model,
        fallback_model=fallback,
        task_type=run.task_type,
        user_id=run.user_id,
        reason=f"{failed.outcome}: {failed.reason}",
        run_id=str(run.pk),
    )


def _ids(run: TaskRun) -> dict[str, Any]:
    return {"run_id": str(run.pk), "task_type": run.task_type, "user_id": run.user_id}


def _stated(run: TaskRun, name: str) -> str:
    """A foreign producer may have written any JSON into the configuration."""
    config = run.llm_config
    return str(config.get(name) or "") if isinstance(config, dict) else ""


def _log(level: int, opening: str, action: str, **fields: Any) -> None:
    shown = " ".join(
        f"{name}={printable(str('-' if value in (None, '') else value), VALUE_LENGTH)}"
        for name, value in fields.items()
    )
    logger.log(level, "%s: %s", opening, shown, extra={"action": action, **fields})
