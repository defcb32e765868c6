"""Label values are few: models by name only if they are configured or installed."""

from collections.abc import Iterable

from llmconfig.values.model_names import normalise_model

OTHER = "other"
#: Users may name any model; what a worker tells by name stays this many, for as long as it lives.
MOST_MODELS = 100

_models: set[str] = set()


def know(models: Iterable[str]) -> None:
    """Tell these models by their names from now on, while there is room."""
    for model in models:
        if len(_models) >= MOST_MODELS:
            return
        _models.add(normalise_model(model))


def model_label(model: str) -> str:
    """The model's normalised name, or ``other``."""
    name = normalise_model(model)
    return name if name in _models else OTHER
