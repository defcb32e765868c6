"""Log of skipped statements: once per process, not at every resolution.

A row is named with its version, so that an edit that leaves it unusable is told again.
"""

import logging
from collections.abc import Iterable

from llmconfig.values.types import BUILT_IN, SAME_AS_MODEL, Skipped

logger = logging.getLogger(__name__)

#: What is remembered is bounded; beyond it everything is told anew.
MAX_REMEMBERED = 10_000
_told: set[tuple[str, str, str]] = set()


def skips_log(skipped: Iterable[Skipped]) -> None:
    """Log what somebody has to mend; a fallback that is its own primary needs no mending."""
    for each in skipped:
        if each.reason != SAME_AS_MODEL and each.origin != BUILT_IN:
            _log(each)


def skips_forget() -> None:
    """Tell everything anew."""
    _told.clear()


def _log(skipped: Skipped) -> None:
    key = (skipped.origin.place, skipped.field, skipped.reason)
    if key in _told:
        return
    if len(_told) >= MAX_REMEMBERED:
        _told.clear()
    _told.add(key)
    logger.warning(
        "Skipped %s of %s: %s",
        skipped.field,
        skipped.origin.place,
        skipped.sentence,
        extra={"action": "preference_skipped", "reason": skipped.reason},
    )
