"""Reads: what applies to a user, and what a user has stated."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from llmconfig import task_types
from llmconfig.cache.memo import remember
from llmconfig.cache.reading import read
from llmconfig.errors import (
    InvalidPreference,
    NoAllowedModel,
    RequestLayerNotPermitted,
)
from llmconfig.fields import fields_parse
from llmconfig.layers.ladder import Rows
from llmconfig.layers.static import Static, static_config
from llmconfig.merging import rows_merge
from llmconfig.models import Preference
from llmconfig.policy import models_check
from llmconfig.resolver import decide
from llmconfig.rows import rows_arrange, rows_load
from llmconfig.skip_log import skips_log
from llmconfig.types import ResolvedConfig


def config_resolve(
    *, user_id: int | None, task_type: str, request: Mapping[str, object] | None = None
) -> ResolvedConfig:
    """The configuration for a run that is accepted now.

    One round trip to Redis where the same was decided before, else one SQL query too.
    ``request`` is the strongest layer. Raises ``UnknownTaskType``, ``NoAllowedModel``,
    ``RequestLayerNotPermitted``, ``InvalidPreference``, ``ModelNotAllowed``,
    ``FallbackSameAsModel``.
    """
    task_types.require(task_type)
    static = static_config()
    stated = _request_values(request)
    reading = read(user_id)

    def decide_now() -> ResolvedConfig:
        rows = rows_arrange(reading.stored(), static)
        return rows_resolve(task_type, static=static, rows=rows, request=stated)

    if stated or reading.versions is None:
        return decide_now()
    return remember((reading.versions, user_id, task_type), static, decide_now)


def configs_resolve(*, user_id: int | None) -> dict[str, ResolvedConfig | None]:
    """The same for every task type, in as many queries; None where no model is allowed."""
    static = static_config()
    rows = rows_load(user_id, static)
    return {name: rows_resolve_any(name, static=static, rows=rows) for name in task_types.names()}


def reload_options(model: str) -> dict[str, object]:
    """How a model is to be loaded now: its reload options and ``load_timeout_seconds``."""
    return static_config().reload_options(model)


def user_preferences(*, user_id: int) -> dict[str, Any]:
    """What the user states, as the document that ``PUT`` takes."""
    stated = {
        row.task_type: row.stated()
        for row in Preference.objects.filter(user=user_id).order_by("task_type")
    }
    document = stated.pop(None, {})
    configs = {name: stated[name] for name in task_types.names() if stated.get(name)}
    return {**document, **({"task_type_configs": configs} if configs else {})}


def user_overview(*, user_id: int) -> dict[str, Any]:
    """``{"preferences": …, "effective": {task type: llm_config}}``."""
    configs = configs_resolve(user_id=user_id)
    return {
        "preferences": user_preferences(user_id=user_id),
        "effective": {name: config and config.to_wire() for name, config in configs.items()},
    }


def overview_etag(overview: Mapping[str, Any]) -> str:
    """A strong entity tag: another one for every other answer."""
    canonical = json.dumps(overview, sort_keys=True, separators=(",", ":"))
    return f'"{hashlib.sha256(canonical.encode()).hexdigest()[:32]}"'


def _request_values(request: Mapping[str, object] | None) -> dict[str, Any]:
    if not request:
        return {}
    if not settings.LLM_ALLOW_REQUEST_LAYER:
        raise RequestLayerNotPermitted
    values, errors = fields_parse(request)
    if errors:
        raise InvalidPreference(errors=errors)
    return values


def rows_resolve(
    task_type: str, *, static: Static, rows: Rows, request: Mapping[str, Any]
) -> ResolvedConfig:
    """What the rows decide. Raises as ``config_resolve``."""
    models_check(request, rows.narrow(static.policy))
    merged = rows_merge(task_type, static=static, rows=rows, request=request)
    skips_log(merged.skipped)
    return decide(merged, static.model_params)


def rows_resolve_any(task_type: str, *, static: Static, rows: Rows) -> ResolvedConfig | None:
    """The same without a request; None where no model is allowed."""
    try:
        return rows_resolve(task_type, static=static, rows=rows, request={})
    except NoAllowedModel:
        return None
