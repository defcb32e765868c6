"""Model policy: ``LLM_ALLOWED_MODELS``, read at process start, and the tiers' lists.

A user may use what the environment allows, as far as a list of one of the user's tiers names it. A
tier without a list allows all that the environment allows, so that nothing narrows its members.
Shared rows, those of tiers among them, are checked against the environment alone when they are
saved: whom they will concern is not known then. What a member may not use is skipped at resolve.
"""

from collections.abc import Mapping
from typing import Any

from llmconfig.layers.static import static_config
from llmconfig.tables.models import Tier
from llmconfig.values.errors import FallbackSameAsModel, ModelNotAllowed
from llmconfig.values.model_names import NOT_ALLOWED_FOR_TIER, Policy, normalise_model
from llmconfig.values.types import MODEL_FIELDS

__all__ = ["Policy", "environment_policy", "models_check", "normalise_model", "user_policy"]


def environment_policy() -> Policy:
    """The allow-list. Raises ``ConfigurationError`` where file or variables cannot be used."""
    return static_config().policy


def user_policy(user_id: int) -> Policy:
    """What one user may use, in one query. Raises ``ConfigurationError``."""
    lists = Tier.objects.filter(group__user=user_id).values_list("allowed_models", flat=True)
    return environment_policy().narrowed(None if each is None else tuple(each) for each in lists)


def models_check(values: Mapping[str, Any], policy: Policy) -> None:
    """Refuse models among the fields that one place states.

    An inherited model counts for nothing here: it may change, and resolving takes care of it.
    Raises ``ModelNotAllowed``, ``FallbackSameAsModel``.
    """
    for name in MODEL_FIELDS:
        if value := values.get(name):
            reason = policy.refusal(value)
            if reason:
                for_tier = reason == NOT_ALLOWED_FOR_TIER
                raise ModelNotAllowed(value, field=name, for_tier=for_tier)
    model, fallback = (values.get(name) for name in MODEL_FIELDS)
    if model and fallback and normalise_model(model) == normalise_model(fallback):
        raise FallbackSameAsModel
