"""YAML that can be trusted: plain data, each value with its line, and nothing clever.

Refused are anchors and aliases (a few lines can stand for gigabytes), tags, several documents,
duplicate keys, deep nesting and large files. Scalars follow YAML 1.2: ``no``, ``1:30`` and ``010``
are not turned into something else.
"""

import re
from collections.abc import Callable
from typing import Any

import yaml

from llmconfig.layers.located import Located, Report
from llmconfig.messages import Message, gettext_noop

MAX_BYTES = 128 * 1024
MAX_DEPTH = 12


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


class _Refused(Exception):
    def __init__(self, line: int, message: str, **params: object) -> None:
        self.line = line
        self.told = Message(message, params)


def yaml_parse(content: bytes, name: str, report: Report) -> Located:
    """The file's content; an empty mapping, and problems in the report, where it cannot be used."""
    empty = Located({}, name)
    try:
        text = _decode(content)
        _refuse_cleverness(text)
        node = yaml.compose(text, Loader=_Loader)
    except _Refused as error:
        report.add(f"{name}:{error.line}", "", error.told)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or " ".join(str(error).split())
        place = f"{name}:{mark.line + 1}" if mark else name
        report.add(place, "", Message(gettext_noop("not YAML: %(reason)s"), {"reason": reason}))
    else:
        return _located(node, name, "", report) if node else empty
    return empty


def _decode(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        text = gettext_noop("too large; accepted: at most %(maximum)s bytes")
        raise _Refused(1, text, maximum=MAX_BYTES)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _Refused(line, gettext_noop("not UTF-8; accepted: text encoded as UTF-8")) from error


def _refuse_cleverness(text: str) -> None:
    """Read the events, which cost little, before anything is built from them."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        depth += _DEPTH.get(type(event), 0)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > MAX_DEPTH:
            message = gettext_noop("nested too deeply; accepted: at most %(maximum)s levels")
            raise _Refused(line, message, maximum=MAX_DEPTH)
        if documents > 1:
            raise _Refused(line, gettext_noop("a second document; accepted: one"))
        if getattr(event, "anchor", None):
            message = gettext_noop("anchors and aliases are not accepted; write the value out")
            raise _Refused(line, message)
        if getattr(event, "tag", None):
            raise _Refused(line, gettext_noop("tags (!) are not accepted"))


_DEPTH = {
    yaml.MappingStartEvent: 1,
    yaml.SequenceStartEvent: 1,
    yaml.MappingEndEvent: -1,
    yaml.SequenceEndEvent: -1,
}


def _located(node: Any, name: str, key: str, report: Report) -> Located:
    place = f"{name}:{node.start_mark.line + 1}"
    if isinstance(node, yaml.MappingNode):
        return Located(_members(node, name, key, report), place)
    if isinstance(node, yaml.SequenceNode):
        return Located([_located(item, name, key, report) for item in node.value], place)
    return Located(_SCALARS[node.tag.removeprefix(_TAG)](node.value), place)


def _members(node: Any, name: str, path: str, report: Report) -> dict[str, Located]:
    members: dict[str, Located] = {}
    for key_node, value_node in node.value:
        place = f"{name}:{key_node.start_mark.line + 1}"
        if key_node.tag != f"{_TAG}str":
            report.add(place, path, Message(gettext_noop("a key is no text; accepted: names")))
            continue
        key = f"{path}.{key_node.value}" if path else key_node.value
        if key_node.value in members:
            first = members[key_node.value].place
            text = gettext_noop("stated twice; the first time at %(place)s")
            report.add(place, key, Message(text, {"place": first}))
            continue
        # A member's place is its key's line, where a reader looks for it.
        members[key_node.value] = Located(_located(value_node, name, key, report).value, place)
    return members
