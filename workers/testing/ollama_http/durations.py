"""``keep_alive``: how long a model stays loaded, parsed as Ollama (Go) does."""

import re
from collections.abc import Mapping
from typing import Any

from workers.testing.ollama_http.errors import RequestError

FOREVER = float("inf")
_FOREVER_SECONDS = 1e9
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)")
_NUMBER = re.compile(r"\d+\.?\d*|\.\d+")


def keep_alive_seconds(body: Mapping[str, Any]) -> float | None:
    """Seconds that a request states; negative is `FOREVER`, None: it states nothing.

    Numbers are seconds, texts durations such as ``90s`` or ``1h30m``. Raises RequestError.
    """
    value = body.get("keep_alive")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise RequestError(f"Unsupported type for keep_alive: {type(value).__name__}")
    seconds = _parsed(value) if isinstance(value, str) else float(value)
    return seconds if 0 <= seconds < _FOREVER_SECONDS else FOREVER


def _parsed(text: str) -> float:
    sign, unsigned = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if unsigned == "0":
        return 0.0
    parts = _PART.findall(unsigned)
    if parts and "".join(number + unit for number, unit in parts) == unsigned:
        return sign * sum(float(number) * _SECONDS[unit] for number, unit in parts)
    problem = "missing unit in" if _NUMBER.fullmatch(unsigned) else "invalid"
    raise RequestError(f'time: {problem} duration "{text}"')
