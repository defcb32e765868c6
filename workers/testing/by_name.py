"""Which behaviour a model's name asks for.

The name is a behaviour's in small letters and hyphens, with a number where it takes one:
``silent:1``, ``stall-after-3:1``, ``slow-first-token-0.5:1``, ``http-503:1``. Any other is `Ok`.
"""

import re
from dataclasses import fields

from llmconfig.values.model_names import normalise_model
from workers.testing import behaviours as b

_NAME = re.compile(r"(?P<word>[a-z]+(?:-[a-z]+)*)(?:-(?P<number>\d+(?:\.\d+)?))?")


def _hyphened(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def _name(kind: str) -> str:
    return "http" if kind == "Status" else _hyphened(kind)


BY_NAME: dict[str, type[b.Behaviour]] = {
    _name(kind): getattr(b, kind) for kind in b.__all__ if kind != "Behaviour"
}


def is_named(name: str) -> bool:
    """Whether the name asks for a behaviour, with or without a number."""
    match = _NAME.fullmatch(name)
    return match is not None and match["word"] in BY_NAME


def behaviour_of(model: str) -> b.Behaviour:
    """The behaviour that a model's name, tag or not, asks for."""
    match = _NAME.fullmatch(normalise_model(model).partition(":")[0])
    if match is None or match["word"] not in BY_NAME:
        return b.Ok()
    kind, number = BY_NAME[match["word"]], match["number"]
    return kind() if number is None else _with_number(kind, float(number))


def _with_number(kind: type[b.Behaviour], number: float) -> b.Behaviour:
    """The number goes to the behaviour's first field of that type; without one it says nothing."""
    for field in fields(kind):
        if isinstance(field.default, int | float):
            value = int(number) if isinstance(field.default, int) else number
            return kind(**{field.name: value})
    return kind()
