"""The message of an error response, also where a server sends JSON inside a string.

Ollama's ``error`` is a string. What it passes on from its runner is an object in OpenAI's form,
written into that string as JSON; servers that imitate OpenAI send the object itself.
"""

import json
from collections.abc import Mapping

#: Objects inside strings inside objects: deeper than any server nests them.
MAX_DEPTH = 4


def message_of(error: object, depth: int = MAX_DEPTH) -> str:
    """The innermost message of an ``error``; its own text where it holds none."""
    if isinstance(error, Mapping):
        inner = error.get("message") or error.get("error")
        return str(error) if inner is None or not depth else message_of(inner, depth - 1)
    text = str(error)
    start = text.find("{")
    if start < 0 or not depth:
        return text
    try:
        value, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return text
    # Without ``error`` it is part of the message: a schema that was refused, say.
    if not value.get("error"):
        return text
    return text[:start] + message_of(value["error"], depth - 1) + text[end:]
