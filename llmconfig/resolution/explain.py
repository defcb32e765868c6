"""Explanation of a configuration, for the preview, the admin and ``llm_explain``."""

from django.urls import NoReverseMatch, reverse

from llmconfig.layers.rows import rows_load
from llmconfig.layers.static import static_config
from llmconfig.resolution.explanation import Explanation, fields_explain
from llmconfig.resolution.merging import rows_merge
from llmconfig.resolution.resolver import decide
from llmconfig.resolution.window_lookup import windows_of
from llmconfig.values import task_types
from llmconfig.values.errors import NoAllowedModel
from llmconfig.values.places import row_of
from llmconfig.values.types import Origin


def config_explain(*, user_id: int | None, task_type: str) -> Explanation:
    """What ``config_resolve`` decides, with all that led to it, also where that is nothing.

    Raises ``UnknownTaskType``, ``ConfigurationError``.
    """
    task_types.require(task_type)
    static = static_config()
    rows = rows_load(user_id, static)
    merged = rows_merge(task_type, static=static, rows=rows, request={})
    try:
        config, refusal = decide(merged, static.model_params), None
    except NoAllowedModel as error:
        config, refusal = None, error
    return Explanation(
        task_type=task_type,
        user_id=user_id,
        fields=tuple(fields_explain(merged, static.model_statements)),
        skipped=merged.skipped,
        clamped=merged.clamped,
        policy=rows.narrow(static.policy),
        config=config,
        refusal=refusal,
        windows=windows_of(config) if config else {},
    )


def origin_link(origin: Origin) -> str | None:
    """The admin's page of the row that a value comes from; None where it is no row."""
    row = row_of(origin.place)
    if row is None:
        return None
    try:
        return reverse("admin:llmconfig_preference_change", args=[row.id])
    except NoReverseMatch:
        return None
