"""Overview of a scope: its document, and the configuration that follows."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from django.utils.translation import gettext

from llmconfig.layers.ladder import Rows, Tier
from llmconfig.layers.rows import rows_load, tier_load
from llmconfig.layers.static import Static, static_config
from llmconfig.resolution.presence import models_absent
from llmconfig.resolution.selectors import rows_resolve_any
from llmconfig.store.documents import TASK_TYPE_CONFIGS, document_of
from llmconfig.store.scopes import Scope
from llmconfig.tables.models import Preference
from llmconfig.values import task_types


def scope_preferences(scope: Scope) -> dict[str, Any]:
    """What the scope states, as the document that ``PUT`` takes."""
    return document_of(Preference.objects.filter(**scope.columns), scope)


def scope_overview(scope: Scope) -> dict[str, Any]:
    """``{"preferences": …, "effective": {task type: llm_config}}``.

    Effective is what a user gets; for a tier, who is a member of it alone; else, who has neither
    tier nor preferences. None where no model is allowed. Of a tier also its name, rank and list.
    """
    static = static_config()
    rows = _rows(scope, static)
    return {
        "preferences": scope_preferences(scope),
        "effective": _effective(scope, rows, static),
        **({"tier": _tier_json(rows.tiers[0])} if scope.group_id is not None else {}),
    }


def overview_warnings(overview: Mapping[str, Any]) -> list[dict[str, str]]:
    """``[{"field", "code", "detail"}]``: stated models that no live worker has."""
    preferences = overview["preferences"]
    configs = preferences.get(TASK_TYPE_CONFIGS, {})
    absent = chain(
        models_absent(preferences),
        *(
            models_absent(fields, f"{TASK_TYPE_CONFIGS}.{name}.")
            for name, fields in configs.items()
        ),
    )
    return [each.to_wire(gettext) for each in absent]


def overview_etag(overview: Mapping[str, Any]) -> str:
    """A strong entity tag: another one for every other answer."""
    canonical = json.dumps(overview, sort_keys=True, separators=(",", ":"))
    return f'"{hashlib.sha256(canonical.encode()).hexdigest()[:32]}"'


def _rows(scope: Scope, static: Static) -> Rows:
    rows = rows_load(scope.user_id, static)
    return rows if scope.group_id is None else replace(rows, tiers=(tier_load(scope.group_id),))


def _effective(scope: Scope, rows: Rows, static: Static) -> dict[str, Any]:
    names = (scope.task_type,) if scope.task_type else task_types.names()
    configs = {name: rows_resolve_any(name, static=static, rows=rows) for name in names}
    return {name: config and config.to_wire() for name, config in configs.items()}


def _tier_json(tier: Tier) -> dict[str, Any]:
    allowed = tier.allowed_models
    return {
        "name": tier.name,
        "rank": tier.rank,
        "allowed_models": None if allowed is None else list(allowed),
    }
