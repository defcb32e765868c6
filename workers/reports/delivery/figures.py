"""The facts of a week as tables for people, in the language in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workers.runs.states import Status
from workers.task_types.names import PREFIX

Facts = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A few lines under one title: what it is, and how much."""

    title: str
    rows: tuple[tuple[str, str], ...]


def tables_of(facts: Facts) -> list[Table]:
    """Those tables that have a line. What a later release counts beside is left out."""
    tables = [
        Table(title=_("Tasks"), rows=tuple(_runs(facts.get("runs") or {}))),
        Table(title=_("Models"), rows=tuple(_models(facts.get("models") or ()))),
        Table(title=_("Fallbacks"), rows=tuple(_fallbacks(facts.get("fallbacks") or ()))),
        Table(title=_("In all"), rows=tuple(_totals(facts))),
    ]
    return [table for table in tables if table.rows]


def _runs(runs: Facts) -> Iterable[tuple[str, str]]:
    for task_type, counts in (runs.get("by_task_type") or {}).items():
        total = sum(counts.values())
        others = [
            f"{_number(count)} {Status(status).label}"
            for status, count in counts.items()
            if status != Status.SUCCEEDED
        ]
        told = f"{_number(total)} ({', '.join(others)})" if others else _number(total)
        yield task_type.removeprefix(PREFIX).replace("_", " ").lower(), told


def _models(models: Iterable[Facts]) -> Iterable[tuple[str, str]]:
    for model in models:
        answers = model["answers"]
        told = ngettext("%(count)s answer", "%(count)s answers", answers) % {
            "count": _number(answers)
        }
        tokens = _number(model["prompt_tokens"] + model["completion_tokens"])
        yield model["model"], f"{told}, {tokens} {_('tokens')}, {_seconds(model['model_seconds'])}"


def _fallbacks(fallbacks: Iterable[Facts]) -> Iterable[tuple[str, str]]:
    for fallback in fallbacks:
        why = fallback.get("cause") or fallback["outcome"]
        label = f"{fallback['from']} → {fallback['to']}: {why.replace('_', ' ')}"
        yield label, _number(fallback["runs"])


def _totals(facts: Facts) -> Iterable[tuple[str, str]]:
    usage = facts.get("usage") or {}
    if usage.get("prompt_tokens") or usage.get("completion_tokens"):
        yield _("Tokens read"), _number(usage["prompt_tokens"])
        yield _("Tokens written"), _number(usage["completion_tokens"])
    if seconds := facts.get("model_seconds"):
        yield _("Time of models"), _seconds(seconds)
    feedback = facts.get("feedback") or {}
    for name, label in (("good", _("Judged good")), ("bad", _("Judged bad"))):
        if feedback.get(name):
            yield label, _number(feedback[name])


def _number(value: int) -> str:
    return number_format(value, use_l10n=True, force_grouping=True)


def _seconds(value: float) -> str:
    return f"{number_format(round(value, 1), decimal_pos=1, use_l10n=True, force_grouping=True)} s"
