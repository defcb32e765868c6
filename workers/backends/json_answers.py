"""JSON extraction from model output: alone, in a fence, or between sentences. Pure.

A server that was given a schema sends the object alone. Others drop the schema, and models put
words before and behind the object, fences around it, or fences that they never close.
"""

import json
from collections.abc import Iterator
from typing import Any, Never

from workers.backends.thinking import cut_thinking

#: Braces that begin no object are tried this often: each may take the whole rest to read.
MOST_FAILURES = 50

Object = dict[str, Any]


def json_objects(text: str) -> Iterator[Object]:
    """The objects in the text, in their order. Raises ValueError where there is none."""
    text = text.strip().lstrip("\ufeff")
    try:
        whole = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        yield from _among_words(text, problem=_said(error))
        return
    if isinstance(whole, str):
        yield from json_objects(whole)
    elif isinstance(whole, list) and len(whole) == 1 and isinstance(whole[0], dict):
        yield whole[0]
    elif isinstance(whole, dict):
        yield whole
    else:
        raise ValueError("it is not a JSON object")


def _among_words(text: str, problem: str) -> Iterator[Object]:
    # An object that the text begins with may speak of thinking in its strings.
    words = text if text.startswith("{") else cut_thinking(text).answer
    if text and not words.strip():
        raise ValueError("it is nothing but thinking")
    found, failures, start = False, 0, words.find("{")
    while start >= 0 and failures < MOST_FAILURES:
        try:
            value, end = _DECODER.raw_decode(words, start)
        except (ValueError, RecursionError) as error:
            problem, end, failures = _said(error), start + 1, failures + 1
        else:
            found = True
            yield value
        start = words.find("{", end)
    if not found:
        raise ValueError(f"it is not JSON ({problem})")


def _said(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is no number")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
