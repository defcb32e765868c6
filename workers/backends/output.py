"""Validation of model output before it is stored. Pure; the text is untrusted.

A failure is `AttemptFailed` (transient): the same model may do better next time.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.exceptions import best_match

from workers.backends.json_answers import Object, json_objects
from workers.backends.thinking import cut_thinking
from workers.runs.outcomes import AttemptFailed, Cause, Outcome

#: How a fence around the whole text opens. In text, another language's is what was asked for.
_TEXT_FENCE = re.compile(
    r"(`{3,}+|~{3,}+)[ \t]*(?:(?:markdown|md|text|txt|plaintext)[ \t]*)?\n", re.IGNORECASE
)
#: More than any model writes in earnest. Checking a million takes half a minute.
MAX_VALUES = 10_000
#: Of one answer that are checked.
MAX_OBJECTS = 5
#: Seen by nobody: text of only these is empty.
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"


def text_checked(text: str) -> str:
    """The text without thinking, stray tokens, surrounding space, a fence around all of it, and
    what cannot be stored.

    Raises AttemptFailed when nothing is left.
    """
    cut = cut_thinking(well_formed(text))
    if cut.is_only_thinking:
        # The same request would only think again.
        reason = "The model thought and wrote no answer: its text is thinking alone"
        raise AttemptFailed(Outcome.UNUSABLE, reason, Cause.ONLY_THINKING)
    answer = cut.answer.strip()
    clean = _unfenced(_TEXT_FENCE, answer)
    if not clean.strip(_INVISIBLE).strip():
        only = " but for special tokens" if text.strip() and not answer else ""
        raise AttemptFailed(Outcome.TRANSIENT, f"The answer is empty{only}", Cause.EMPTY)
    return clean


def json_checked(
    text: str, schema: Mapping[str, Any], coerce: Callable[[Object], Object] = dict
) -> Object:
    """The JSON object in the text, its strings stripped, without keys that ``schema`` does not
    know, valid by it. Of several objects, the first that is.

    ``coerce`` makes of what models write what the schema describes, and raises ValueError for what
    it cannot decide. Raises AttemptFailed.
    """
    problem = ""
    try:
        for found in islice(json_objects(text), MAX_OBJECTS):
            value, wrong = _checked(found, schema, coerce)
            if not wrong:
                return value
            problem = problem or wrong
    except (ValueError, RecursionError) as error:
        problem = problem or str(error)
    raise AttemptFailed(
        Outcome.TRANSIENT, f"The answer is not valid: {problem}", Cause.INVALID_OUTPUT
    )


def _checked(
    found: Object, schema: Mapping[str, Any], coerce: Callable[[Object], Object]
) -> tuple[Object, str]:
    """The object as the schema wants it, and what is wrong with it, if anything is."""
    if _size(found) > MAX_VALUES:
        return found, f"it has more than {MAX_VALUES} values"
    try:
        value = coerce(_without_extras(_clean(found), schema))
    except ValueError as error:
        return found, str(error)
    problem = best_match(_Validator(schema).iter_errors(value))
    return value, f"{problem.json_path}: {problem.message}" if problem else ""


def _without_extras(value: Any, schema: Any) -> Any:
    """The value without the keys that a closed object of the schema does not name."""
    if not isinstance(schema, Mapping):
        return value
    if isinstance(value, list):
        return [_without_extras(item, schema.get("items")) for item in value]
    if not isinstance(value, dict):
        return value
    named = schema.get("properties", {})
    is_closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
    return {
        key: _without_extras(item, named.get(key))
        for key, item in value.items()
        if key in named or not is_closed
    }


def well_formed(text: str) -> str:
    """The text as PostgreSQL and UTF-8 can hold it: no NUL, surrogates paired or replaced."""
    text = text.replace("\x00", "")
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unfenced(opening: re.Pattern[str], text: str) -> str:
    match = opening.match(text)
    if match is None or not text.endswith(match[1], match.end()):
        return text
    inside = text[match.end() : -len(match[1])]
    # A bare fence inside closes the first one: then the text only begins and ends with code.
    fences = (line.strip() for line in inside.splitlines() if line.startswith(match[1]))
    return text if next(fences, None) == match[1] else inside.strip()


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return well_formed(value).strip()
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {well_formed(key): _clean(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no number")
    return value


def _size(value: Any) -> int:
    """How many values it holds, itself included."""
    size, left = 0, [value]
    while left:
        item = left.pop()
        size += 1
        if isinstance(item, dict):
            left.extend(item.values())
        elif isinstance(item, list):
            left.extend(item)
    return size


def _unique_items(
    validator: Any, is_wanted: bool, instance: Any, _schema: Any
) -> Iterator[ValidationError]:
    """The library compares each with each, which takes minutes where a model writes thousands."""
    if is_wanted and validator.is_type(instance, "array"):
        seen = {json.dumps(_as_compared(item), sort_keys=True) for item in instance}
        if len(seen) < len(instance):
            yield ValidationError(f"{instance!r:.80} has non-unique elements")


def _as_compared(value: Any) -> Any:
    """1.0 and 1 are one number in JSON Schema."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_as_compared(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_compared(item) for key, item in value.items()}
    return value


_Validator: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"uniqueItems": _unique_items}
)
