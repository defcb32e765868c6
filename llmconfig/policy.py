"""Which models this environment may use: ``LLM_ALLOWED_MODELS``, read at process start."""

from llmconfig.layers.static import static_config
from llmconfig.model_names import Policy, normalise_model

__all__ = ["Policy", "environment_policy", "normalise_model"]


def environment_policy() -> Policy:
    """The allow-list. Raises ``ConfigurationError`` where file or variables cannot be used."""
    return static_config().policy
