"""Context windows of models: as `llmconfig.resolution.window_lookup`, with what this worker's own
model server has loaded."""

from collections.abc import Collection

from django.conf import settings

from llmconfig.resolution.window_lookup import Loaded, window_of
from llmconfig.values.model_names import normalise_model
from llmconfig.values.windows import Window, WindowSource
from workers.backends import ollama
from workers.runs.outcomes import AttemptFailed


def windows_here(models: Collection[str]) -> dict[str, Window]:
    """The window of each model. The server is asked only where one is not stated."""
    windows = {model: window_of(model, loaded={}) for model in models}
    if all(window.source is WindowSource.STATED for window in windows.values()):
        return windows
    loaded = _loaded()
    return {model: window_of(model, loaded) for model in models}


def _loaded() -> Loaded:
    """What ``/api/ps`` reports; nothing where the server does not answer."""
    try:
        listed = ollama.loaded(settings.OLLAMA_HOST)
    except AttemptFailed:
        return {}
    return {normalise_model(name): window for name, window in listed.items() if window}
