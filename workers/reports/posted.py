"""Reports of entries that a task brings along, in parts where these are long."""

import json

from llmconfig.values.types import ResolvedConfig
from workers.reports.asking import Asking
from workers.reports.budgets import prompt_budget
from workers.reports.parts import Item
from workers.reports.rounds import round_prepare
from workers.runs.models import TaskRun
from workers.task_types import TaskType
from workers.task_types.drafts import Draft
from workers.task_types.preparation import Division
from workers.task_types.prompts import prompt_prepare


def posted_prepare(kind: TaskType, run: TaskRun, config: ResolvedConfig) -> Draft | Division:
    """What a posted report, or a part of one, comes to. Raises ``Refused``."""
    asked = Asking(run=run, budget=prompt_budget(config), context=_context(run))
    return round_prepare(
        asked, lambda: _items(run), whole=lambda _items: _whole(kind, run), named={}
    )


def _whole(kind: TaskType, run: TaskRun) -> Draft:
    draft = prompt_prepare(kind, run.payload)
    assert isinstance(draft, Draft)  # noqa: S101 - for mypy: the payload has entries
    return draft


def _items(run: TaskRun) -> list[Item]:
    return [
        Item(text=entry["text"], date=entry.get("date", "")) for entry in run.payload["entries"]
    ]


def _context(run: TaskRun) -> str:
    context = run.payload.get("context", "")
    return context if isinstance(context, str) else json.dumps(context, ensure_ascii=False)
