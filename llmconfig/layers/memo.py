"""Decisions of this process, kept under the tokens of the rows that they were made of.

A decision depends on the user's rows, the task type and what is fixed while the process runs, and
on nothing else. Tokens never come back, so that no decision needs to be removed but for space.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache

from llmconfig.layers.static import Static
from llmconfig.values.types import ResolvedConfig

MAX_KEPT = 2048


def remember(key: Hashable, static: Static, decide: Callable[[], ResolvedConfig]) -> ResolvedConfig:
    """What was decided under this key, or is now. What ``decide`` raises is not kept."""
    cell = _cell(key)
    found = cell.get("decision")
    if found is None or found[0] is not static:
        cell["decision"] = found = (static, decide())
    return found[1]


@lru_cache(maxsize=MAX_KEPT)
def _cell(key: Hashable) -> dict[str, tuple[Static, ResolvedConfig]]:
    return {}
