"""Token budget of a prompt beside its answer."""

from llmconfig.values.types import ResolvedConfig
from llmconfig.values.windows import MAX_TOKENS
from workers.backends.windows import windows_here
from workers.execution.candidates import models_of


def prompt_budget(config: ResolvedConfig) -> int:
    """What the smallest context of primary and fallback has beside the longest answer."""
    windows = windows_here(models_of(config)).values()
    smallest = min(windows, key=lambda window: window.tokens)
    stated = [
        limit
        for parameters in (config.parameters, *config.model_parameters.values())
        if isinstance(limit := parameters.get(MAX_TOKENS), int)
    ]
    return smallest.tokens - smallest.answer_tokens(max(stated, default=None))
