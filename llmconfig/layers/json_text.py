"""JSON in environment variables, as strict as the YAML file."""

import json
from typing import Any, NoReturn

from llmconfig.layers.located import Located, Report
from llmconfig.messages import Message, gettext_noop

MAX_CHARACTERS = 128 * 1024


class _Duplicate(ValueError):
    pass


def json_parse(text: str, name: str, report: Report) -> Located:
    """The variable's value; an empty mapping, and a problem, where it cannot be used."""
    empty = Located({}, name)
    if len(text) > MAX_CHARACTERS:
        message = gettext_noop("too large; accepted: at most %(maximum)s characters")
        report.add(name, "", Message(message, {"maximum": MAX_CHARACTERS}))
        return empty
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
        return _located(value, name)
    except _Duplicate as error:
        report.add(name, str(error), Message(gettext_noop("stated twice")))
    except RecursionError:
        report.add(name, "", Message(gettext_noop("nested too deeply")))
    except ValueError as error:
        reason = Message(gettext_noop("not JSON: %(reason)s"), {"reason": error})
        report.add(name, "", reason)
    return empty


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members:
            raise _Duplicate(key)
        members[key] = value
    return members


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(text)


def _located(value: Any, name: str) -> Located:
    if isinstance(value, dict):
        return Located({key: _located(item, name) for key, item in value.items()}, name)
    if isinstance(value, list):
        return Located([_located(item, name) for item in value], name)
    return Located(value, name)
