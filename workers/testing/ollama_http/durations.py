"""``keep_alive``: how long a model stays loaded, parsed as Ollama (Go) does."""

import re
from typing import Any

from workers.testing.ollama_http.errors import RequestError

FOREVER = float("inf")
_FOREVER_SECONDS = 1e9
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)([^\d.]*)")
_GO_TYPES = {bool: "bool", list: "[]interface {}", dict: "map[string]interface {}"}


def keep_alive(value: Any) -> float:
    """Seconds; `FOREVER` for anything negative. Raises RequestError.

    Numbers are seconds, texts durations such as ``90s`` or ``1h30m``.
    """
    if isinstance(value, str):
        seconds = _parsed(value)
    elif type(value) in (int, float):
        seconds = float(value)
    else:
        raise RequestError(f"Unsupported type: '{_GO_TYPES[type(value)]}'")
    return seconds if 0 <= seconds < _FOREVER_SECONDS else FOREVER


def _parsed(text: str) -> float:
    sign, unsigned = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if unsigned == "0":
        return 0.0
    parts = _PART.findall(unsigned)
    if not parts or "".join(number + unit for number, unit in parts) != unsigned:
        raise RequestError(f'time: invalid duration "{text}"')
    for _number, unit in parts:
        if unit not in _SECONDS:
            problem = f'unknown unit "{unit}"' if unit else "missing unit"
            raise RequestError(f'time: {problem} in duration "{text}"')
    return sign * sum(float(number) * _SECONDS[unit] for number, unit in parts)
