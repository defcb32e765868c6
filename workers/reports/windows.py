"""How many tokens a prompt and its answer may have, by the models that may answer."""

from llmconfig.selectors import reload_options
from llmconfig.types import ResolvedConfig
from workers.candidates import models_of

#: The context that Ollama gives a model of which ``model_params`` state none.
DEFAULT_WINDOW = 4096


def window_tokens(config: ResolvedConfig) -> int:
    """The smallest context of primary and fallback: whoever answers has room."""
    return min(_window(model) for model in models_of(config))


def answer_tokens(config: ResolvedConfig) -> int:
    """What is kept for the answer: as much as it may have, a quarter of the context where nothing
    says so, and half of it at most."""
    window = window_tokens(config)
    stated = [
        limit
        for parameters in (config.parameters, *config.model_parameters.values())
        if isinstance(limit := parameters.get("max_tokens"), int)
    ]
    return min(max(stated), window // 2) if stated else window // 4


def _window(model: str) -> int:
    stated = reload_options(model).get("context_window")
    return stated if isinstance(stated, int) else DEFAULT_WINDOW
