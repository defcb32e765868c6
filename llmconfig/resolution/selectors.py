"""Resolution of one user's configuration."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from llmconfig.layers.cached_rows import read
from llmconfig.layers.ladder import Rows
from llmconfig.layers.memo import remember
from llmconfig.layers.rows import rows_arrange, rows_load
from llmconfig.layers.static import Static, static_config
from llmconfig.resolution.merging import rows_merge
from llmconfig.resolution.policy import models_check
from llmconfig.resolution.resolver import decide
from llmconfig.resolution.skip_log import skips_log
from llmconfig.values import task_types
from llmconfig.values.errors import NoAllowedModel, RequestLayerNotPermitted
from llmconfig.values.fields import invalid_preference
from llmconfig.values.preferred_model import statement_parse
from llmconfig.values.types import ResolvedConfig


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


def _request_values(request: Mapping[str, object] | None) -> dict[str, Any]:
    if not request:
        return {}
    if not settings.LLM_ALLOW_REQUEST_LAYER:
        raise RequestLayerNotPermitted
    values, errors = statement_parse(request)
    if errors:
        raise invalid_preference(errors)
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
