"""Coercion of model output: numbers and lists as models write them. Pure.

A value that is not understood is returned as it is, for the schema to refuse.
"""

import re
from typing import Any

_PERCENTAGE = re.compile(
    r"[~≈]?\s*(?P<number>\d{1,3}(?:[.,]\d{1,20})?|[.,]\d{1,20})"
    r"\s*(?P<unit>%|percent|/\s*100|(?:out )?of 100)?\.?",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"[,;\n]")


def percentage(value: Any) -> Any:
    """A whole percentage: of ``85``, ``85.5``, ``"85"``, ``"85%"``, ``0.85`` and ``"0.85"`` 85.

    A number with a decimal point from 0.0 to 1.0 is a fraction, so that 1.0 is 100. Raises
    ValueError for a whole 1, which may mean either.
    """
    if isinstance(value, str):
        return _written_percentage(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if value == 1 and isinstance(value, int):
        raise ValueError("1 may mean 1% or 100%; accepted: a whole number of percent, such as 100")
    if isinstance(value, int) or not 0 <= value <= 100:
        return value
    return _whole(value * 100 if value <= 1 else value)


def _written_percentage(text: str) -> Any:
    found = _PERCENTAGE.fullmatch(text.strip())
    if found is None:
        return text
    number = found["number"].replace(",", ".")
    if found["unit"]:
        return _whole(float(number))
    return percentage(float(number) if "." in number else int(number))


def _whole(percent: float) -> int:
    # 0.57 * 100 is 56.99999999999999.
    return int(round(percent, 6))


def texts(value: Any) -> Any:
    """A list of texts, also of one text that lists them with commas, semicolons or line ends."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        value = value[0]
    if not isinstance(value, str):
        return value
    return [part for part in map(str.strip, _SEPARATOR.split(value)) if part]
