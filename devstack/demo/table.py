"""The demo's table: one line for each run, as wide as the terminal."""

import shutil
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

MIN_TEXT = 24


def header() -> list[str]:
    """The titles and a rule below them."""
    titles = [_("user"), _("task type"), _("model"), _("source"), _("attempts")]
    titles += [_("tokens"), _("seconds"), _("text")]
    return [_line(titles), "─" * _width()]


def row(person: str, run: dict[str, Any]) -> str:
    """One run. The model is the one that answered; an arrow shows that it was the fallback."""
    result = run["result"] or {}
    text = result.get("content") or (run["error"] or {}).get("detail", "")
    model = run["model_used"] or run["llm_config"]["model"]
    return _line(
        [
            person,
            run["task_type"].removeprefix("TASK_TYPE_").lower(),
            f"↪ {model}" if run["fallback_used"] else model,
            run["llm_config"]["source"],
            str(sum(attempt["count"] for attempt in run["attempts"])),
            str(run["usage"]["completion_tokens"]),
            f"{_seconds(run):.1f}",
            " ".join(text.split()),
        ]
    )


_COLUMNS = (6, 20, 22, 10, -8, -6, -7)


def _line(cells: list[str]) -> str:
    fixed = [
        f"{cell:>{-width}}" if width < 0 else f"{cell:<{width}}"
        for cell, width in zip(cells, _COLUMNS, strict=False)
    ]
    start = "  ".join(fixed) + "  "
    room = max(MIN_TEXT, _width() - len(start))
    text = cells[-1]
    return start + (text if len(text) <= room else text[: room - 1].rstrip() + "…")


def _width() -> int:
    return max(120, shutil.get_terminal_size((140, 40)).columns)


def _seconds(run: dict[str, Any]) -> float:
    started, finished = run["started_at"], run["finished_at"]
    if not started or not finished:
        return 0.0
    return (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
