"""Which window a model has: stated in ``model_params``, else as a model server has it loaded, else
the server's default.

This package asks no server: whoever can registers a provider of what is loaded.
"""

from collections.abc import Callable, Mapping

from django.conf import settings

from llmconfig.layers.static import static_config
from llmconfig.values.model_names import normalise_model
from llmconfig.values.types import MODEL_FIELDS, ROLES, ResolvedConfig
from llmconfig.values.windows import Window, WindowSource

#: Ollama's own, on a machine without a GPU.
OLLAMA_DEFAULT = 4096
OLLAMA_DEFAULT_PLACE = "Ollama's default"
VARIABLE = "OLLAMA_CONTEXT_LENGTH"

#: The windows of loaded models, by normalised name.
Loaded = Mapping[str, int]

_providers: list[Callable[[], Loaded]] = []


def register(provider: Callable[[], Loaded]) -> None:
    """Ask ``provider`` for loaded models from now on. It answers fast and raises nothing."""
    if provider not in _providers:
        _providers.append(provider)


def window_of(model: str, loaded: Loaded | None = None) -> Window:
    """The model's window. ``loaded`` instead of what the providers know. Raises
    ``ConfigurationError``."""
    stated = [
        each for each in static_config().model_statements(model) if each.field == "context_window"
    ]
    if stated:
        winner = stated[-1]
        return Window(tokens=winner.value, source=WindowSource.STATED, place=winner.origin.place)
    known = _known() if loaded is None else loaded
    if tokens := known.get(normalise_model(model)):
        return Window(tokens=tokens, source=WindowSource.LOADED, place="")
    return default_window()


def default_window() -> Window:
    """The window of a model of which nothing is known."""
    tokens = settings.OLLAMA_CONTEXT_LENGTH
    place = VARIABLE if tokens else OLLAMA_DEFAULT_PLACE
    return Window(tokens=tokens or OLLAMA_DEFAULT, source=WindowSource.DEFAULT, place=place)


def windows_of(config: ResolvedConfig, loaded: Loaded | None = None) -> dict[str, Window]:
    """The windows of a decision's models, by role."""
    models = {role: getattr(config, name) for role, name in zip(ROLES, MODEL_FIELDS, strict=True)}
    return {role: window_of(model, loaded) for role, model in models.items() if model}


def _known() -> Loaded:
    """Of several providers the smallest window: a run may meet any of their servers."""
    found: dict[str, int] = {}
    for provider in _providers:
        for model, tokens in provider().items():
            found[model] = min(tokens, found.get(model, tokens))
    return found
