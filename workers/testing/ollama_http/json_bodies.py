"""Parses a body as Go's decoder does: the first JSON value in it, and Go's words for what is wrong.

Half of a surrogate pair and bytes that are no UTF-8 become U+FFFD.
"""

import json
import math
import re
from typing import Any

from workers.testing.ollama_http.errors import RequestError

#: Python's complaint, and where Go was when it saw the same character.
_PLACES = (
    ("Expecting property name", "looking for beginning of object key string"),
    ("Illegal trailing comma before end of object", "looking for beginning of object key string"),
    ("Illegal trailing comma before end of array", "looking for beginning of value"),
    ("Expecting value", "looking for beginning of value"),
    ("Expecting ':' delimiter", "after object key"),
    ("Invalid control character", "in string literal"),
    ("Invalid \\escape", "in string escape code"),
    ("Invalid \\uXXXX escape", r"in \u hexadecimal character escape"),
)
_STRING = re.compile(r'"(?:\\.|[^"\\])*"?', re.DOTALL)
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse(content: bytes) -> Any:
    """The value. Raises RequestError."""
    text = content.decode(errors="replace").lstrip()
    if not text:
        raise RequestError("missing request body")
    try:
        value, _end = _DECODER.raw_decode(text)
        return _whole(value) if _ESCAPED_SURROGATE.search(text) else value
    except json.JSONDecodeError as error:
        raise RequestError(_complaint(error)) from None
    except RecursionError:
        raise RequestError("exceeded max depth") from None


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise RequestError(
            f"json: cannot unmarshal number {text[:40]} into Go value of type float64"
        )
    return number


def _integer(text: str) -> float:
    # Of a longer number than any double, Python would refuse the digits for another reason.
    return int(text) if len(text) < 300 else _finite(text)


def _constant(name: str) -> float:
    place = "in numeric literal" if name.startswith("-") else "looking for beginning of value"
    letter = name.removeprefix("-")[0]
    raise RequestError(f"invalid character '{letter}' {place}")


_DECODER = json.JSONDecoder(
    parse_float=_finite, parse_int=_integer, parse_constant=_constant, strict=True
)


def _complaint(error: json.JSONDecodeError) -> str:
    # Python points at the backslash of an escape.
    pointed = error.pos + error.msg.startswith("Invalid \\escape")
    if pointed >= len(error.doc) or error.msg.startswith("Unterminated string"):
        return "unexpected EOF"
    place = next((place for start, place in _PLACES if error.msg.startswith(start)), None)
    if place is None:
        place = f"after {_open_value(error.doc[: error.pos])}"
    return f"invalid character {_quoted(error.doc[pointed])} {place}"


def _open_value(before: str) -> str:
    """What was complete where a comma was expected."""
    opened = []
    for bracket in re.findall(r"[\[\]{}]", _STRING.sub("", before)):
        if bracket in "[{":
            opened.append(bracket)
        elif opened:
            opened.pop()
    return "array element" if opened[-1:] == ["["] else "object key:value pair"


def _quoted(character: str) -> str:
    """A character in Go's single quotes."""
    if character in "'\\":
        return f"'\\{character}'"
    escaped = json.dumps(character, ensure_ascii=False)[1:-1]
    return "'\"'" if character == '"' else f"'{escaped}'"


def _whole(value: Any) -> Any:
    """The value with U+FFFD for every half of a surrogate pair."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value
