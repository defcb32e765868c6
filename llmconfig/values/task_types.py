"""The registry of task-type names. Who runs them registers them; this package only names them."""

from collections.abc import Mapping
from typing import Any

from llmconfig.values.errors import UnknownTaskType
from llmconfig.values.fields import fields_parse

_registry: dict[str, Mapping[str, Any]] = {}


def register(name: str, *, defaults: Mapping[str, object] | None = None) -> None:
    """Make a name known. ``defaults`` are the weakest statements of its ``task_type`` layer.

    Registering the same again changes nothing. Raises ValueError for defaults that no layer may
    state, and for a name that is registered with others.
    """
    values, errors = fields_parse(defaults or {})
    if errors:
        raise ValueError(f"defaults of {name}: {errors}")
    if _registry.setdefault(name, values) != values:
        raise ValueError(f"{name} is registered with other defaults")


def names() -> tuple[str, ...]:
    """All registered names, sorted."""
    return tuple(sorted(_registry))


def defaults(name: str) -> Mapping[str, Any]:
    """The defaults of a registered name. Raises ``UnknownTaskType``."""
    require(name)
    return _registry[name]


def require(name: str) -> None:
    """Raises ``UnknownTaskType`` unless the name is registered."""
    if name not in _registry:
        raise UnknownTaskType(name, names())
