"""Refuses JSON schemas that would make the engine exhaust memory or time.

llama.cpp turns a schema into a grammar before it answers. Measured: minItems above maxItems takes
all memory, a pattern with such a repetition 17 seconds, 20,000 enum values minutes.
"""

import re
from collections.abc import Iterator
from itertools import islice

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from workers.testing.ollama_http import schemas
from workers.testing.ollama_http.errors import RequestError

MAX_DEPTH = 32
MAX_VALUES = 1000
MAX_PATTERN_CHARACTERS = 100
LARGEST_NUMBER = 2**53
BOUNDS = (("minItems", "maxItems"), ("minLength", "maxLength"), ("minimum", "maximum"))
REPETITION = re.compile(r"\{(\d+),(\d+)\}")


def check_schema(schema: dict[str, object]) -> None:
    """Raises ``RequestError`` for a schema that is invalid, contradictory or too large."""
    values = list(islice(_values(schema), MAX_VALUES + 1))
    if len(values) > MAX_VALUES:
        raise _invalid(f"more than {MAX_VALUES} values")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise _invalid(f"{error.json_path}: {error.message[:200]}") from None
    for value in values:
        if isinstance(value, dict):
            _check_node(value)
            _check_reference(value.get("$ref"), schema)
        elif isinstance(value, int | float) and abs(value) > LARGEST_NUMBER:
            raise _invalid("a number that is out of range")


def _values(value: object, depth: int = 0) -> Iterator[object]:
    if depth > MAX_DEPTH:
        raise _invalid(f"nested deeper than {MAX_DEPTH}")
    yield value
    if isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _values(child, depth + 1)


def _check_node(node: dict[str, object]) -> None:
    for low, high in BOUNDS:
        least, most = node.get(low), node.get(high)
        if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
            raise _invalid(f"{low} {least} is above {high} {most}")
    pattern = node.get("pattern")
    if isinstance(pattern, str):
        _check_pattern(pattern)


def _check_reference(reference: object, schema: dict[str, object]) -> None:
    """The engine takes what it cannot resolve for any value."""
    if not isinstance(reference, str):
        return
    found: object = schema if reference.startswith("#") else None
    for part in reference.removeprefix("#").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    if found is None:
        raise _invalid(f"cannot resolve $ref {reference}")


def _check_pattern(pattern: str) -> None:
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise _invalid(f"a pattern of more than {MAX_PATTERN_CHARACTERS} characters")
    if any(int(least) > int(most) for least, most in REPETITION.findall(pattern)):
        raise _invalid(f"pattern {pattern} repeats at least more often than at most")


def _invalid(reason: str) -> RequestError:
    return schemas.refused(f"invalid JSON schema in format: {reason}")
