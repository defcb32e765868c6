"""The ladder of precedence: every place that states something for one user and task type.

system < task_type < tier < user < request; the order inside each layer is the order of the lines
below. Tiers come weakest first.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from llmconfig.layers.document import Source
from llmconfig.values.fields import FIELDS, PARAMETERS_KEY, fields_parse
from llmconfig.values.model_names import Policy
from llmconfig.values.types import INVALID, Origin, Skipped, Statement


class Row(Protocol):
    """A stored preference, as far as the ladder reads it."""

    @property
    def task_type(self) -> str | None:
        """None: of all task types."""

    @property
    def place(self) -> str:
        """The row with its version."""

    def stated(self) -> dict[str, Any]:
        """The fields that it states, as JSON; they may be invalid by now."""


@dataclass(frozen=True, kw_only=True)
class Tier:
    """A group of the user. ``rank`` None: it has no place among the tiers of the database."""

    name: str
    rank: int | None = None
    #: Globs that narrow what the environment allows; None: they do not.
    allowed_models: tuple[str, ...] | None = None
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The stored rows that may concern one user."""

    #: Those with neither user nor tier.
    common: tuple[Row, ...] = ()
    #: The user's tiers, weakest first.
    tiers: tuple[Tier, ...] = ()
    user: tuple[Row, ...] = ()

    def narrow(self, policy: Policy) -> Policy:
        """The policy of the rows' user. A group without a rank is no tier and narrows nothing."""
        return policy.narrowed(t.allowed_models for t in self.tiers if t.rank is not None)


def ladder(
    task_type: str | None,
    *,
    sources: Iterable[Source],
    defaults: Mapping[str, Any],
    rows: Rows,
    request: Mapping[str, Any],
) -> tuple[list[Statement], list[Skipped]]:
    """All statements for the task type, weakest first, and those that had to be left out.

    Without a task type: what holds before any is known. ``defaults`` are the task type's own,
    ``request`` the parsed fields of one request.
    """
    sources = tuple(sources)
    skipped: list[Skipped] = []
    statements = [
        *(statement for source in sources for statement in source.system),
        *_rows("system", None, rows.common, skipped),
    ]
    if task_type is not None:
        statements += _stated(defaults, Origin("task_type", "built-in"))
        statements += (each for source in sources for each in source.task_types.get(task_type, ()))
        statements += _rows("task_type", task_type, rows.common, skipped)
    for tier in rows.tiers:
        statements += (each for source in sources for each in source.tiers.get(tier.name, ()))
        statements += _both("tier", task_type, tier.rows, skipped)
    statements += _both("user", task_type, rows.user, skipped)
    statements += _stated(request, Origin("request", "request"))
    return statements, skipped


def _both(
    layer: str, task_type: str | None, rows: tuple[Row, ...], skipped: list[Skipped]
) -> Iterator[Statement]:
    """Rows for all task types, then those for this one."""
    yield from _rows(layer, None, rows, skipped)
    if task_type is not None:
        yield from _rows(layer, task_type, rows, skipped)


def _rows(
    layer: str, task_type: str | None, rows: Iterable[Row], skipped: list[Skipped]
) -> Iterator[Statement]:
    for row in rows:
        if row.task_type == task_type:
            origin = Origin(layer, row.place)
            stated = row.stated()
            values, errors = fields_parse(stated)
            skipped += _invalid("", stated, errors, origin)
            yield from _stated(values, origin)


def _stated(values: Mapping[str, Any], origin: Origin) -> Iterator[Statement]:
    for name in FIELDS:
        if name in values:
            yield Statement(name, values[name], origin)
    for name, value in values.get(PARAMETERS_KEY, {}).items():
        yield Statement(f"{PARAMETERS_KEY}.{name}", value, origin)


def _invalid(
    path: str, stated: Any, errors: Mapping[str, Any], origin: Origin
) -> Iterator[Skipped]:
    """What is wrong with one row, field by field."""
    for name, wrong in errors.items():
        key = f"{path}{name}"
        value = stated.get(name) if isinstance(stated, Mapping) else stated
        if isinstance(wrong, Mapping):
            yield from _invalid(f"{key}.", value, wrong, origin)
        else:
            yield Skipped(key, value, origin, INVALID, wrong[0])
