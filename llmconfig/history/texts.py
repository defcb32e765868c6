"""The history and rollbacks as lines for a terminal."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from llmconfig.history.entries import Entry
from llmconfig.history.steps import Plan, Step
from llmconfig.values.diffs import FieldChange
from llmconfig.values.messages import Message
from llmconfig.values.texts import printable

_INDENT = " " * 8
_VALUE_LENGTH = 60
_SCOPE_LENGTH = 200
_SENTENCE_LENGTH = 300


def entry_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """Each change in a line of its own, and beneath it what it changed; in local time."""
    entries = list(entries)
    rows = [_entry_cells(entry) for entry in entries]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for entry, row in zip(entries, rows, strict=True):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
        if entry.reason:
            yield _INDENT + gettext("why: %(reason)s") % {
                "reason": printable(entry.reason, _SENTENCE_LENGTH)
            }
        yield from _change_lines(entry.changes)


def _entry_cells(entry: Entry) -> tuple[str, ...]:
    at = timezone.localtime(entry.at).isoformat(" ", "seconds")
    by = printable(entry.by) if entry.by else "-"
    scope = printable(entry.scope, _SCOPE_LENGTH)
    return at, entry.place, entry.kind, by, printable(entry.source), scope


def plan_lines(plan: Plan) -> Iterator[str]:
    """What is done, row by row, then what is refused."""
    for step in plan.steps:
        yield f"{_verb(step):8}{_row(step)}"
        yield from _change_lines(step.changes)
    yield from refusal_lines(plan.refusals)


def refusal_lines(refusals: Mapping[str, Message]) -> Iterator[str]:
    """Each row that cannot return, and beneath it why."""
    for name, reason in refusals.items():
        yield f"{gettext('refuse'):8}{printable(name, _SCOPE_LENGTH)}"
        yield _INDENT + printable(reason.translate(gettext), _SENTENCE_LENGTH)


def _verb(step: Step) -> str:
    if step.after is None:
        return gettext("remove")
    return gettext("change") if step.before is not None else gettext("return")


def _row(step: Step) -> str:
    return f"{step.name}  {printable(step.scope, _SCOPE_LENGTH)}"


def _change_lines(changes: Iterable[FieldChange]) -> Iterator[str]:
    changes = list(changes)
    width = max((len(change.field) for change in changes), default=0)
    for change in changes:
        yield f"{_INDENT}{change.field:{width}}  {_value(change.old)} → {_value(change.new)}"


def _value(value: Any) -> str:
    return "-" if value is None else printable(json.dumps(value, ensure_ascii=False), _VALUE_LENGTH)
