"""Option names: ours to Ollama's. The one table.

The other reload options (``num_gpu``, ``use_mmap`` …) go to Ollama under their own names: a
difference in one of those makes Ollama load the model again, so a request and the watch of its load
must send the same ones. Their types are checked where they are stated
(`llmconfig.values.parameters`).
"""

from collections.abc import Mapping
from typing import Any

SAMPLING = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "max_tokens": "num_predict",
    "seed": "seed",
    "stop": "stop",
    "repeat_penalty": "repeat_penalty",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "min_p": "min_p",
}
RELOADING = {"context_window": "num_ctx"}
#: A limit of ours, and what stands beside the options in a request.
NO_OPTIONS = frozenset({"load_timeout_seconds", "think"})

_NAMES = {**SAMPLING, **RELOADING}


def to_ollama(options: Mapping[str, Any]) -> dict[str, Any]:
    """All options under Ollama's names; None means "not stated" and is left out."""
    return {
        _NAMES.get(name, name): value
        for name, value in options.items()
        if value is not None and name not in NO_OPTIONS
    }


def reloading(options: Mapping[str, Any]) -> dict[str, Any]:
    """The part that decides how the model is loaded, under Ollama's names."""
    return to_ollama({name: value for name, value in options.items() if name not in SAMPLING})


def context_window(options: Mapping[str, Any]) -> int | None:
    """The context in tokens that the request states, if it states one."""
    value = options.get("context_window")
    return int(value) if value else None


def think(options: Mapping[str, Any]) -> bool | str:
    """The field ``think``: whether, or how much, the model thinks; false where it is not stated.

    It is always sent: without it, Ollama has every model think that can.
    """
    stated: bool | str | None = options.get("think")
    return False if stated is None else stated
