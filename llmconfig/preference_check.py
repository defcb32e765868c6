"""What a row must satisfy to be stored, beyond being valid."""

from llmconfig.errors import FallbackSameAsModel, ModelNotAllowed
from llmconfig.models import Preference
from llmconfig.policy import environment_policy, normalise_model


def preference_check(preference: Preference) -> None:
    """Refuse what is valid and yet not wanted.

    Raises ``ModelNotAllowed``, ``FallbackSameAsModel``.
    """
    policy = environment_policy()
    for name in ("model", "fallback_model"):
        value = getattr(preference, name)
        if value and not policy.allows(value):
            raise ModelNotAllowed(value, field=name)
    model, fallback = preference.model, preference.fallback_model
    if model and fallback and normalise_model(model) == normalise_model(fallback):
        raise FallbackSameAsModel
