"""JSON in environment variables, as strict as the YAML file."""

import json
from typing import Any, NoReturn

from llmconfig.layers.located import Located, Report
from llmconfig.layers.yaml_text import MAX_DEPTH
from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.texts import printable

MAX_CHARACTERS = 128 * 1024


class _Pairs(list[tuple[str, Any]]):
    """An object's members as written, duplicates too."""


class _TooDeep(Exception):
    pass


def json_parse(text: str, name: str, report: Report) -> Located:
    """The variable's value; an empty mapping, and a problem, where it cannot be used."""
    if len(text) > MAX_CHARACTERS:
        message = gettext_noop("too large; accepted: at most %(maximum)s characters")
        report.add(name, "", Message(message, {"maximum": MAX_CHARACTERS}))
        return Located({}, name)
    try:
        value = json.loads(text, object_pairs_hook=_Pairs, parse_constant=_refuse_constant)
        return _Reader(name, report).value(value, "", 0)
    except (RecursionError, _TooDeep):
        message = gettext_noop("nested too deeply; accepted: at most %(maximum)s levels")
        report.add(name, "", Message(message, {"maximum": MAX_DEPTH}))
    except ValueError as error:
        reason = {"reason": printable(str(error), 200)}
        text = gettext_noop('not JSON: %(reason)s; accepted: an object as {"name": {"key": 1}}')
        report.add(name, "", Message(text, reason))
    return Located({}, name)


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(text)


class _Reader:
    """Gives each value its place and tells keys that are stated twice."""

    def __init__(self, name: str, report: Report) -> None:
        self._name = name
        self._report = report

    def value(self, value: Any, key: str, depth: int) -> Located:
        if isinstance(value, list) and depth >= MAX_DEPTH:
            raise _TooDeep
        if isinstance(value, _Pairs):
            return Located(self._members(value, key, depth + 1), self._name)
        if isinstance(value, list):
            return Located([self.value(item, key, depth + 1) for item in value], self._name)
        return Located(value, self._name)

    def _members(self, pairs: _Pairs, path: str, depth: int) -> dict[str, Located]:
        members: dict[str, Located] = {}
        for name, value in pairs:
            key = f"{path}.{name}" if path else name
            if name in members:
                self._report.add(self._name, key, Message(gettext_noop("stated twice")))
            else:
                members[name] = self.value(value, key, depth)
        return members
