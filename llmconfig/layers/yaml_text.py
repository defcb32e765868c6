"""YAML that can be trusted: plain data, each value with its line, and nothing clever.

Refused are anchors and aliases (a few lines can stand for gigabytes), tags, several documents,
duplicate keys, deep nesting and large files. Scalars follow YAML 1.2, where ``1:30`` is no number;
what YAML 1.1 and 1.2 read differently (``no``, ``010``) is kept as ``Ambiguous``, and refused where
a value is expected.
"""

import re
from collections.abc import Callable
from typing import Any

import yaml

from llmconfig.layers.located import Located, Report
from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.texts import printable

MAX_BYTES = 128 * 1024
MAX_DEPTH = 12
MAX_VALUES = 10_000


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


_TAG = "tag:yaml.org,2002:"
for _name, _pattern, _first in (
    ("null", r"|~|null|Null|NULL", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]{1,18}", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"(?:{_pattern})\Z"), _first)

_SCALARS: dict[str, Callable[[str], Any]] = {
    "null": lambda text: None,
    "bool": lambda text: text.lower() == "true",
    "int": int,
    "float": float,
    "str": str,
}
#: Unquoted, these are one thing in YAML 1.1 and another in 1.2.
_AMBIGUOUS = re.compile(r"(?i:yes|no|on|off)|[-+]?0[0-9]+")


class Ambiguous(str):
    """A scalar without quotes that is no text in YAML 1.1: ``no``, ``010``."""

    __slots__ = ()


class _Refused(Exception):
    def __init__(self, line: int, message: str, **params: object) -> None:
        self.line = line
        self.told = Message(message, params)


def yaml_parse(content: bytes, name: str, report: Report) -> Located:
    """The file's content; an empty mapping, and problems in the report, where it cannot be used."""
    reader = None
    try:
        reader = _Reader(_decode(content), name, report)
        return reader.document()
    except _Refused as error:
        report.add(f"{name}:{error.line}", "", error.told)
    except yaml.YAMLError as error:
        report.add(f"{name}:{_line(error, content)}", "", _not_yaml(error))
    except (ValueError, OverflowError) as error:
        # PyYAML's own slips: numbers in escapes and directives that are out of range.
        line = reader.line if reader else 1
        report.add(f"{name}:{line}", "", _not_yaml(error))
    return Located({}, name)


def _line(error: yaml.YAMLError, content: bytes) -> int:
    mark = getattr(error, "problem_mark", None)
    if mark:
        return int(mark.line) + 1
    position = getattr(error, "position", 0)
    return content.decode("utf-8-sig").count("\n", 0, position) + 1


def _not_yaml(error: Exception) -> Message:
    told = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    text = gettext_noop(
        "not YAML: %(reason)s; accepted: lines as `name: value`, indented by blanks and not by tabs"
    )
    return Message(text, {"reason": printable(told, 200)})


def _decode(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        text = gettext_noop("too large; accepted: at most %(maximum)s bytes")
        raise _Refused(1, text, maximum=MAX_BYTES)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _Refused(line, gettext_noop("not UTF-8; accepted: text encoded as UTF-8")) from error


class _Reader:
    """Turns events, which cost little, into values, and stops at the first that is too clever."""

    def __init__(self, text: str, name: str, report: Report) -> None:
        self._loader: Any = _Loader(text)
        self._name = name
        self._report = report
        self._values = 0

    @property
    def line(self) -> int:
        """How far it has read."""
        return int(self._loader.line) + 1

    def document(self) -> Located:
        """The only document; an empty mapping where there is none."""
        self._next()
        root = Located({}, self._name)
        if isinstance(self._next(), yaml.DocumentStartEvent):
            root = self._value(self._next(), "", 0)
            self._next()
            if isinstance(event := self._next(), yaml.DocumentStartEvent):
                raise _Refused(_start(event), gettext_noop("a second document; accepted: one"))
        return root

    def _next(self) -> Any:
        return self._loader.get_event()

    def _value(self, event: Any, key: str, depth: int) -> Located:
        self._refuse_cleverness(event, depth)
        place = f"{self._name}:{_start(event)}"
        if isinstance(event, yaml.MappingStartEvent):
            return Located(self._members(key, depth + 1), place)
        if isinstance(event, yaml.SequenceStartEvent):
            return Located(self._items(key, depth + 1), place)
        return Located(self._scalar(event), place)

    def _refuse_cleverness(self, event: Any, depth: int) -> None:
        line = _start(event)
        self._values += 1
        if self._values > MAX_VALUES:
            text = gettext_noop("too many values; accepted: at most %(maximum)s")
            raise _Refused(line, text, maximum=MAX_VALUES)
        if depth >= MAX_DEPTH and isinstance(event, yaml.CollectionStartEvent):
            text = gettext_noop("nested too deeply; accepted: at most %(maximum)s levels")
            raise _Refused(line, text, maximum=MAX_DEPTH)
        if event.anchor:
            text = gettext_noop("anchors and aliases are not accepted; write the value out")
            raise _Refused(line, text)
        if event.tag:
            raise _Refused(line, gettext_noop("tags (!) are not accepted"))

    def _items(self, key: str, depth: int) -> list[Located]:
        items = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._value(event, key, depth))
        return items

    def _members(self, path: str, depth: int) -> dict[str, Located]:
        members: dict[str, Located] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            place = f"{self._name}:{_start(event)}"
            written = self._value(event, path, depth).value
            text = written if isinstance(written, str) else ""
            key = f"{path}.{text}" if path else text
            # A member's place is its key's line, where a reader looks for it.
            member = Located(self._value(self._next(), key, depth).value, place)
            if not isinstance(written, str):
                no_text = gettext_noop("a key is no text; accepted: names")
                self._report.add(place, path, Message(no_text))
            elif text in members:
                twice = gettext_noop("stated twice; the first time at %(place)s")
                self._report.add(place, key, Message(twice, {"place": members[text].place}))
            else:
                members[text] = member
        return members

    def _scalar(self, event: Any) -> Any:
        if event.style is None and _AMBIGUOUS.fullmatch(event.value):
            return Ambiguous(event.value)
        tag = self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        return _SCALARS[tag.removeprefix(_TAG)](event.value)


def _start(event: Any) -> int:
    return int(event.start_mark.line) + 1
