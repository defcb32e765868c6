"""The bodies of ``/api/tags``, ``/api/ps`` and ``/api/show``."""

from collections.abc import Sequence
from typing import Any

from workers.testing.ollama_http.models import Card, Running
from workers.testing.ollama_http.timestamps import rfc3339

Payload = dict[str, Any]


def tags(cards: Sequence[Card]) -> Payload:
    return {"models": [_listed(card) for card in cards]}


def running(loaded: Sequence[Running]) -> Payload:
    return {"models": [_running(model) for model in loaded]}


def show(card: Card, *, verbose: bool) -> Payload:
    return {
        "modelfile": card.modelfile,
        "parameters": card.parameters,
        "template": card.template,
        "details": _details(card),
        "model_info": {
            key: _fact(value, verbose=verbose) for key, value in sorted(card.metadata.items())
        },
        "tensors": list(card.tensors),
        "capabilities": list(card.capabilities),
        "modified_at": rfc3339(card.modified_at),
    }


def _fact(value: Any, *, verbose: bool) -> Any:
    """A value of the metadata as Go writes it: a float without decimals like a whole number."""
    if isinstance(value, list):
        return value if verbose else None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _listed(card: Card) -> Payload:
    lengths = {"context_length": card.context_length, "embedding_length": card.embedding_length}
    return {
        "name": card.name,
        "model": card.name,
        "modified_at": rfc3339(card.modified_at),
        "size": card.size,
        "digest": card.digest,
        "details": {**_details(card), **lengths},
        "capabilities": list(card.capabilities),
    }


def _running(model: Running) -> Payload:
    card = model.card
    return {
        "name": card.name,
        "model": card.name,
        "size": card.size,
        "digest": card.digest,
        "details": _details(card),
        "expires_at": rfc3339(model.expires_at),
        "size_vram": 0,
        "context_length": model.context_length,
    }


def _details(card: Card) -> Payload:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": card.family,
        "families": [card.family],
        "parameter_size": card.parameter_size,
        "quantization_level": card.quantization_level,
    }
