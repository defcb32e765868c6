"""The error of a failed run: its code, and every attempt."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from workers.runs.models import Attempt
from workers.runs.outcomes import Outcome


def error_of(
    code: str, attempts: Iterable[Attempt], *, model: str = "", opening: str = ""
) -> dict[str, str]:
    """``{"code", "detail"}``; the detail has a line for each attempt that failed.

    ``model`` is the one that may not be called, where that is why the run ends. ``opening`` is the
    first line for a code that has none of its own.
    """
    lines = [_attempt_line(attempt) for attempt in attempts if attempt.outcome != Outcome.SUCCEEDED]
    return {"code": code, "detail": "\n".join([opening or _opening(code, model), *lines])}


def _opening(code: str, model: str) -> str:
    return {
        "deadline_exceeded": _("The deadline passed."),
        "context_overflow": _("The prompt is longer than the context of every model."),
        "model_not_allowed": _("The model %(model)s is not allowed in this environment.")
        % {"model": model},
        "rejected": _("The model server refused the content."),
        "cancelled": _("The run was cancelled."),
        "worker_lost": _("Its worker process died too often; it is not tried again."),
    }.get(code, _("Every attempt failed."))


def _attempt_line(attempt: Attempt) -> str:
    times = f", {attempt.count} times" if attempt.count > 1 else ""
    return (
        f"{attempt.model} on {attempt.host}: {attempt.outcome} ({attempt.reason}) "
        f"after {attempt.duration_ms} ms{times}"
    )
