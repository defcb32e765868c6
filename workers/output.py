"""Checking what a model wrote before anything keeps it. Pure; the text is untrusted.

A failure is `AttemptFailed` (transient): the same model may do better next time.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Never

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.exceptions import best_match

from workers.outcomes import AttemptFailed, Cause, Outcome
from workers.thinking import cut_thinking

#: How a fence around the whole text opens. In text, another language's is what was asked for.
_TEXT_FENCE = re.compile(
    r"(`{3,}+|~{3,}+)[ \t]*(?:(?:markdown|md|text|txt|plaintext)[ \t]*)?\n", re.IGNORECASE
)
_JSON_FENCE = re.compile(r"(`{3,}+|~{3,}+)\s*(?:json)?", re.IGNORECASE)
#: More than any model writes in earnest. Checking a million takes half a minute.
MAX_VALUES = 10_000
#: Seen by nobody: text of only these is empty.
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"


def text_checked(text: str) -> str:
    """The text without thinking, stray tokens, surrounding space, a fence around all of it, and
    what cannot be stored.

    Raises AttemptFailed when nothing is left.
    """
    answer = cut_thinking(well_formed(text)).answer.strip()
    clean = _unfenced(_TEXT_FENCE, answer)
    if not clean.strip(_INVISIBLE).strip():
        only = " but for thinking and special tokens" if text.strip() and not answer else ""
        raise AttemptFailed(Outcome.TRANSIENT, f"The answer is empty{only}", Cause.EMPTY)
    return clean


def json_checked(text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object that the text is, its strings stripped, valid by ``schema``.

    Raises AttemptFailed.
    """
    try:
        found = json.loads(
            _unfenced(_JSON_FENCE, text.strip().lstrip("\ufeff")), parse_constant=_refuse
        )
        if _size(found) > MAX_VALUES:
            raise _invalid(f"it has more than {MAX_VALUES} values")
        value = _clean(found)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"it is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise _invalid("it is not a JSON object")
    problem = best_match(_Validator(schema).iter_errors(value))
    if problem is not None:
        raise _invalid(f"{problem.json_path}: {problem.message}")
    return value


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
        _refuse(str(value))
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


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is no number")


def _invalid(reason: str) -> AttemptFailed:
    return AttemptFailed(
        Outcome.TRANSIENT, f"The answer is not valid: {reason}", Cause.INVALID_OUTPUT
    )
