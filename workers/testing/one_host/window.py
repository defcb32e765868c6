"""A prompt longer than the window: refused, or cut in silence, as Ollama does."""

import json
from collections.abc import Mapping
from typing import Any

from workers.testing.ollama_http.errors import RequestError
from workers.testing.one_host import tokens
from workers.testing.one_host.statistics import ModelStatistics


def fit(body: Mapping[str, Any], window: int, statistics: ModelStatistics) -> int:
    """Tokens of the prompt that the model reads. Raises RequestError for ``truncate: false``."""
    count = tokens.prompt_tokens(body)
    if count < window:
        return count
    if body.get("truncate") is False:
        statistics.refused_prompts += 1
        raise too_long(count, window)
    statistics.cut_prompts += 1
    keep = (body.get("options") or {}).get("num_keep", tokens.KEEP)
    return tokens.cut(window, keep)


def too_long(count: int, window: int) -> RequestError:
    """Ollama passes the runner's own error on: JSON, in a text."""
    error = {
        "code": 400,
        "message": f"request ({count} tokens) exceeds the available context size"
        f" ({window} tokens), try increasing it",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": count,
        "n_ctx": window,
    }
    return RequestError(json.dumps({"error": error}, separators=(",", ":")))
