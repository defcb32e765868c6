"""``keep_alive``: how long a model stays loaded, as Ollama reads it."""

import re

from config.embedded.model_server.errors import RequestError

DEFAULT_SECONDS = 300.0
FOR_EVER_SECONDS = 1e9
SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)")


def keep_alive_seconds(value: object) -> float | None:
    """Seconds; None means for ever. Absent is five minutes, negative for ever, 0 unload.

    Numbers are seconds, texts durations such as ``90s`` or ``1h30m``. Raises ``RequestError``.
    """
    if value is None:
        return DEFAULT_SECONDS
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise RequestError("keep_alive must be a number of seconds or a duration such as 5m")
    seconds = _parsed(value) if isinstance(value, str) else value
    return float(seconds) if 0 <= seconds < FOR_EVER_SECONDS else None


def _parsed(text: str) -> float:
    sign, unsigned = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if unsigned == "0":
        return 0.0
    parts = PART.findall(unsigned)
    if not parts or "".join(number + unit for number, unit in parts) != unsigned:
        raise RequestError(f'keep_alive: invalid duration "{text}"')
    return sign * sum(float(number) * SECONDS[unit] for number, unit in parts)
