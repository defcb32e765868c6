"""Which behaviour a model's name asks for.

The name is a behaviour's in small letters and hyphens, with a number where it takes one:
``silent:1``, ``stall-after-3:1``, ``slow-first-token-0.5:1``, ``http-503:1``. Any other is `Ok`.
"""

import re
from dataclasses import fields

from workers.testing import behaviours as b

_KINDS: tuple[type[b.Behaviour], ...] = (
    b.Ok,
    b.Missing,
    b.Silent,
    b.SilentAfterHead,
    b.SlowHead,
    b.SlowFirstToken,
    b.SlowLoad,
    b.LoadFails,
    b.Trickle,
    b.Dribble,
    b.NeverEnding,
    b.Heartbeat,
    b.StallAfter,
    b.CutStream,
    b.Reset,
    b.NoDone,
    b.HangAfterDone,
    b.Empty,
    b.EmptyBody,
    b.ThinkingOnly,
    b.TooLong,
    b.FullContext,
    b.BrokenJson,
    b.ErrorMidStream,
    b.Html,
    b.Gzipped,
    b.Garbage,
    b.Redirect,
)
_NAME = re.compile(r"(?P<word>[a-z]+(?:-[a-z]+)*)(?:-(?P<number>\d+(?:\.\d+)?))?")


def _hyphened(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


BY_NAME: dict[str, type[b.Behaviour]] = {
    **{_hyphened(kind.__name__): kind for kind in _KINDS},
    "http": b.Status,
}


def behaviour_of(model: str) -> b.Behaviour:
    """The behaviour that a model's name, tag or not, asks for."""
    match = _NAME.fullmatch(model.partition(":")[0])
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
