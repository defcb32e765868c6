"""Scripts as files: YAML or JSON, checked before they are used.

models: [big:3b, small:1b]       # the names that exist; left out: every name
resident: [big:3b]               # those that are loaded
script:
  big:3b:                        # a model, a path such as /api/ps, or "*" for every request
    - http-503                   # the first generation; names as in `by_name`
    - {behaviour: ok, text: Two words, times: 2}
    - {behaviour: silent, from: 10s, until: 70s}
    - {behaviour: ok, times: always}
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NoReturn

import yaml

from workers.testing.behaviours import Behaviour
from workers.testing.by_name import BY_NAME, behaviour_of, is_named
from workers.testing.script import Step

_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m)?")
_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    bytes: "a text",
}
_OF_THE_STEP = ("behaviour", "times", "from", "until")


class ScriptInvalid(ValueError):
    """A script that cannot be used: where, and what is accepted there."""


@dataclass(frozen=True, kw_only=True)
class Script:
    """What a file says."""

    models: tuple[str, ...] | None = None
    resident: tuple[str, ...] = ()
    steps: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)


def read(path: Path) -> Script:
    """The script in a file. Raises ScriptInvalid."""
    try:
        return parse(path.read_text(encoding="utf-8"), place=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptInvalid(f"{path} cannot be read: {error}") from error


def parse(text: str, *, place: str = "script") -> Script:
    """The script in a YAML or JSON text. Raises ScriptInvalid naming the place."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ScriptInvalid(f"{place} is neither YAML nor JSON: {error}") from error
    known = _mapping({} if found is None else found, place, ("models", "resident", "script"))
    models = known.get("models")
    return Script(
        models=None if models is None else _names(models, f"{place}: models"),
        resident=_names(known.get("resident", []), f"{place}: resident"),
        steps={
            str(key): _steps(steps, f"{place}: script.{key}")
            for key, steps in _mapping(known.get("script", {}), f"{place}: script").items()
        },
    )


def _steps(given: Any, place: str) -> tuple[Step, ...]:
    if not isinstance(given, list):
        _refuse(place, given, "a list of behaviours")
    return tuple(_step(step, f"{place}[{number}]") for number, step in enumerate(given))


def _step(given: Any, place: str) -> Step:
    if isinstance(given, str):
        return Step(behaviour=_behaviour(given, {}, place))
    step = _mapping(given, place)
    name = step.get("behaviour", "")
    values = {key: value for key, value in step.items() if key not in _OF_THE_STEP}
    until = step.get("until")
    return Step(
        behaviour=_behaviour(name, values, place),
        times=_times(step.get("times", 1), f"{place}.times"),
        from_seconds=_seconds(step.get("from", 0), f"{place}.from"),
        until_seconds=None if until is None else _seconds(until, f"{place}.until"),
    )


def _behaviour(name: Any, values: Mapping[str, Any], place: str) -> Behaviour:
    if not isinstance(name, str) or not is_named(name):
        _refuse(f"{place}.behaviour", name, ", ".join(sorted(BY_NAME)))
    plain = behaviour_of(name)
    known = {item.name: getattr(plain, item.name) for item in fields(plain)}
    _mapping(values, place, (*_OF_THE_STEP, *known))
    typed = {key: _typed(value, known[key], f"{place}.{key}") for key, value in values.items()}
    return type(plain)(**{**known, **typed})


def _typed(value: Any, default: Any, place: str) -> Any:
    """The value, if it is of the default's kind; a default of None accepts anything plain."""
    if isinstance(default, bytes) and isinstance(value, str):
        return value.encode()
    kinds = (int, float) if isinstance(default, float) else (type(default),)
    # To isinstance, true is a whole number.
    fits = isinstance(value, kinds) and isinstance(value, bool) == isinstance(default, bool)
    if default is not None and not fits:
        _refuse(place, value, _WORDS[type(default)])
    return value


def _times(value: Any, place: str) -> float:
    if value == "always":
        return math.inf
    if type(value) is not int or value < 1:
        _refuse(place, value, "a whole number from 1, or always")
    return value


def _seconds(value: Any, place: str) -> float:
    match = _TIME.fullmatch(str(value))
    if match is None:
        _refuse(place, value, "seconds, written as 5, 5s or 2m")
    return float(match[1]) * (60 if match[2] == "m" else 1)


def _names(value: Any, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        _refuse(place, value, "a list of models' names")
    return tuple(value)


def _mapping(value: Any, place: str, accepted: tuple[str, ...] | None = None) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        _refuse(place, value, "keys and values")
    for key in value:
        if accepted is not None and key not in accepted:
            _refuse(place, key, ", ".join(accepted))
    return value


def _refuse(place: str, value: Any, accepted: str) -> NoReturn:
    raise ScriptInvalid(f"{place}: {value!r:.80} is not accepted; accepted: {accepted}")
