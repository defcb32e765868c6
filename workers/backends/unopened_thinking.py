"""Memory of models whose thinking has an end marker and no beginning, one per process.

Their templates open the thinking in the prompt. The event stream withholds the text of such a model
until that end, since nothing else tells its thinking from its answer.
"""

from llmconfig.values.model_names import normalise_model

#: Host and normalised name.
_found: set[tuple[str, str]] = set()


def note(host: str, model: str, *, found: bool) -> None:
    """Remember how the model's last complete answer was."""
    (_found.add if found else _found.discard)((host, normalise_model(model)))


def is_expected(host: str, model: str) -> bool:
    """Whether the model's next answer has to be expected to end a thinking first."""
    return (host, normalise_model(model)) in _found
