"""The two numbers of a refused prompt: its tokens and those of the context.

Ollama passes on its runner's error object, ``exceed_context_size_error`` with ``n_prompt_tokens``
and ``n_ctx``, as JSON inside its own error string.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from workers.backends.ollama.error_texts import MAX_DEPTH

KIND = "exceed_context_size_error"


@dataclass(frozen=True, kw_only=True)
class Overflow:
    """A prompt that the server counted and refused."""

    prompt_tokens: int
    context_window: int

    def __str__(self) -> str:
        return f"the prompt has {self.prompt_tokens} tokens, the context {self.context_window}"


def overflow_of(error: object, depth: int = MAX_DEPTH) -> Overflow | None:
    """The numbers in an ``error``; None where it is no such refusal."""
    value = _parsed(error) if isinstance(error, str) else error
    if not isinstance(value, Mapping) or not depth:
        return None
    if value.get("type") != KIND:
        return overflow_of(value.get("error"), depth - 1)
    tokens, window = _count(value.get("n_prompt_tokens")), _count(value.get("n_ctx"))
    if tokens is None or window is None:
        return None
    return Overflow(prompt_tokens=tokens, context_window=window)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 < value < 2**31 else None
