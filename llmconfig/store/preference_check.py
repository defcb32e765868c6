"""Checks of a preference beyond its fields: policy and presence of models."""

from llmconfig.resolution.policy import environment_policy, models_check, user_policy
from llmconfig.resolution.presence import presence_check
from llmconfig.tables.models import Preference


def preference_check(preference: Preference) -> None:
    """Refuse what is valid and yet not wanted.

    A user's own row is held to that user's policy, any other row to the environment's. Raises
    ``ModelNotAllowed``, ``FallbackSameAsModel``, ``ModelNotPresent``.
    """
    user_id = preference.user_id
    policy = environment_policy() if user_id is None else user_policy(user_id)
    models_check(preference.stated(), policy)
    presence_check(preference.stated())
