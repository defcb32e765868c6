"""The ``llm_config`` header: the decision made at enqueue, carried by the message.

Readers ignore keys that they do not know and default those that are missing, so that releases run
side by side. It holds no secret and no prompt.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from llmconfig.values.errors import MalformedConfig
from llmconfig.values.types import ResolvedConfig

KEY = "llm_config"
SCHEMA_VERSION = 1
MAX_BYTES = 4096
#: For the mark that a delivery adds.
ROOM_BYTES = 64


def header_build(
    config: ResolvedConfig,
    *,
    task_type: str,
    user_id: int | None,
    run_id: str | None = None,
    deadline: str | None = None,
) -> dict[str, Any]:
    """The header of one message. ``deadline`` is an ISO 8601 moment in UTC; without a run, the
    run's creation sets it.

    What layers may state always fits. Raises ``MalformedConfig`` for a foreign producer's decision
    that does not.
    """
    named = {
        "schema_version": SCHEMA_VERSION,
        "run_id": run_id,
        "task_type": task_type,
        "user_id": None if user_id is None else str(user_id),
        "deadline": deadline,
    }
    header = {**named, **config.to_wire()}
    if _bytes(header) >= MAX_BYTES:
        header = {**named, **_without_overridden(config).to_wire()}
    if (size := _bytes(header)) >= MAX_BYTES:
        raise MalformedConfig(f"the llm_config header has {size} bytes; fewer than {MAX_BYTES} fit")
    return header


def _bytes(header: Mapping[str, Any]) -> int:
    return len(json.dumps(header)) + ROOM_BYTES


def _without_overridden(config: ResolvedConfig) -> ResolvedConfig:
    """The same decision without what ``parameters`` override in the parameters of the models."""
    stated = config.parameters
    kept = {
        role: {name: value for name, value in of_model.items() if name not in stated}
        for role, of_model in config.model_parameters.items()
    }
    return replace(config, model_parameters=kept)


def header_of(request: Any) -> Mapping[str, Any] | None:
    """The header of a task's request, or None where the message has none.

    Raises ``MalformedConfig`` when it is there and is no object.
    """
    # Eager requests have their headers only in the mapping, real ones also as an attribute.
    value = request.get(KEY) if hasattr(request, "get") else None
    if value is None:
        value = (getattr(request, "headers", None) or {}).get(KEY)
    if value is not None and not isinstance(value, Mapping):
        raise MalformedConfig(f"the header {KEY} is no object")
    return value


def config_of(header: Mapping[str, Any]) -> ResolvedConfig:
    """The configuration in a header. Raises ``MalformedConfig``."""
    return ResolvedConfig.from_wire(header)
