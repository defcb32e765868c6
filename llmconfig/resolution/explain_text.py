"""An explanation as lines for a terminal: aligned, at most 100 columns."""

import json
import textwrap
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from llmconfig.resolution.explanation import ExplainedField, Explanation
from llmconfig.values.fields import PARAMETERS_KEY
from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.texts import printable
from llmconfig.values.types import MODEL_FIELDS, ROLES, Origin, Skipped

NAME, VALUE, LAYER, PLACE = 30, 26, 14, 30
WIDTH = NAME + VALUE + LAYER + PLACE
GROUPS = ("", PARAMETERS_KEY, *ROLES)
_LONGEST = 1000

Gettext = Callable[[str], str]


@dataclass(frozen=True)
class Line:
    """A line and what it is: ``title``, ``group``, ``field``, ``shadowed``, ``skipped``, ``note``
    or ``warning``."""

    kind: str
    text: str


def explanation_lines(explanation: Explanation, user: str, gettext: Gettext) -> Iterator[Line]:
    """What holds, group by group, and beneath each value what it passed over."""
    yield Line("title", _fit(f"{explanation.task_type}  {user}", WIDTH))
    if explanation.refusal:
        yield Line("skipped", _fit(f"  {explanation.refusal.message.translate(gettext)}", WIDTH))
    shown = (*explanation.fields, *explanation.window_fields)
    for group in GROUPS:
        fields = [each for each in shown if each.group == group]
        if fields and group:
            yield Line("group", _fit(f"  {_heading(group, explanation)}", WIDTH))
        for field in fields:
            yield from _field(field, gettext)
    for skipped in explanation.unplaced:
        yield from _skipped(f"  {printable(skipped.field)}", skipped, gettext)
    for warning in explanation.answers_too_long:
        yield from _warning(warning.sentence.translate(gettext))


def _heading(group: str, explanation: Explanation) -> str:
    if group not in ROLES:
        return group
    model = explanation.field(MODEL_FIELDS[ROLES.index(group)])
    return f"{model.value if model else ''} ({group})"


def _field(field: ExplainedField, gettext: Gettext) -> Iterator[Line]:
    indent = "    " if field.group else "  "
    yield Line("field", _row(indent + field.key, field.value, field.origin))
    if field.overridden_by:
        text = gettext_noop("does not hold: %(name)s is stated")
        yield _note(Message(text, {"name": field.overridden_by}), gettext)
    if field.clamped:
        text = gettext_noop("lowered from %(stated)s by %(limit)s")
        clamped = {"stated": field.clamped.stated, "limit": field.clamped.limit}
        yield _note(Message(text, clamped), gettext)
    for skipped in field.skipped:
        yield from _skipped("      skipped", skipped, gettext)
    for other in field.shadowed:
        yield Line("shadowed", _row("      shadowed", other.value, other.origin))


def _skipped(name: str, skipped: Skipped, gettext: Gettext) -> Iterator[Line]:
    yield Line("skipped", _row(name, skipped.value, skipped.origin))
    yield _note(skipped.sentence, gettext)


def _warning(sentence: str) -> Iterator[Line]:
    text = f"warning: {printable(sentence, _LONGEST)}"
    for line in textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    "):
        yield Line("warning", line)


def _note(message: Message, gettext: Gettext) -> Line:
    return Line("note", _fit("        " + message.translate(gettext), WIDTH))


def _row(name: str, value: Any, origin: Origin) -> str:
    cells = (_cell(name, NAME), _cell(_written(value), VALUE), _cell(origin.layer, LAYER))
    return "".join(cells) + _fit_end(printable(origin.place, _LONGEST), PLACE)


def _written(value: Any) -> str:
    if value is None or value == "":
        return "none"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return printable(text, _LONGEST)


def _cell(text: str, width: int) -> str:
    fitted = _fit(text, width - 1)
    return fitted + " " * (width - _columns(fitted))


def _fit(text: str, width: int) -> str:
    """The text's start in at most ``width`` columns."""
    if _columns(text) <= width:
        return text
    while _columns(text) > width - 1:
        text = text[:-1]
    return text + "…"


def _fit_end(text: str, width: int) -> str:
    """The text's end, which in a place is the file's name and line."""
    if _columns(text) <= width:
        return text
    while _columns(text) > width - 1:
        text = text[1:]
    return "…" + text


def _columns(text: str) -> int:
    return sum(_COLUMNS.get(unicodedata.east_asian_width(c), 1) for c in text)


_COLUMNS = {"W": 2, "F": 2}
