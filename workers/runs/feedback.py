"""Feedback on results: stored, changed and withdrawn by the run's owner."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from llmconfig.database.conflicts import conflicts_retried
from workers.runs.errors import FeedbackNotYours, RunNotFinished, RunWithoutResult, UnknownFeedback
from workers.runs.models import Feedback, TaskRun
from workers.runs.models.feedback import SOURCE_MAX_LENGTH
from workers.runs.states import FINAL, Status


def feedback_give(run: TaskRun, *, user: Any, rating: int, comment: str = "") -> Feedback:
    """The judgement of this run; one that was given before is replaced.

    ``rating`` is −1 or 1. Raises ``RunNotFinished``, ``RunWithoutResult``, ``FeedbackNotYours``.
    """
    _require_result(run)
    _require_owner(run, user)
    now = timezone.now()
    told = {
        "user": user,
        "rating": rating,
        "comment": comment,
        "model": run.model_used,
        "fallback_used": run.fallback_used,
        "source": _model_layer(run)[:SOURCE_MAX_LENGTH],
        "updated_at": now,
    }
    return _store(Feedback(run=run, created_at=now, **told), changing=told)


def feedback_withdraw(run: TaskRun, *, user: Any) -> None:
    """Raises ``UnknownFeedback`` where there is none, ``FeedbackNotYours``."""
    _require_owner(run, user)
    if not Feedback.objects.filter(run=run).delete()[0]:
        raise UnknownFeedback


def _model_layer(run: TaskRun) -> str:
    """The layer that supplied the run's model, "" where a foreign producer's header has none."""
    try:
        return str(run.llm_config["origins"]["model"]["layer"])
    except (KeyError, TypeError):
        return ""


@conflicts_retried
@transaction.atomic
def _store(given: Feedback, changing: Iterable[str]) -> Feedback:
    """In one statement: somebody else may give or withdraw it at this moment."""
    Feedback.objects.bulk_create(
        [given], update_conflicts=True, unique_fields=["run"], update_fields=list(changing)
    )
    return Feedback.objects.get(run=given.run)


def _require_result(run: TaskRun) -> None:
    status = run.status_at(timezone.now())
    if status not in FINAL:
        raise RunNotFinished(status)
    if status != Status.SUCCEEDED:
        raise RunWithoutResult(status, (run.error or {}).get("detail", ""))


def _require_owner(run: TaskRun, user: Any) -> None:
    """Staff see the runs of others, and judge only those that are nobody's."""
    if run.user_id not in (None, user.pk):
        raise FeedbackNotYours
