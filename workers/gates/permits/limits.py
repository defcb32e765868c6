"""Stated and learned number of permits of a (host, model)."""

from django.conf import settings

from workers.gates.models import PermitPool
from workers.gates.permits.learning import MOST_PERMITS, Knowledge


def stated_limit() -> int | None:
    """``LLM_HOST_CONCURRENCY``, else ``OLLAMA_NUM_PARALLEL``; None: the number is learned."""
    stated: int | None = settings.LLM_HOST_CONCURRENCY
    return stated


def knowledge_of(row: PermitPool) -> Knowledge:
    """What a pool's row says; what was learned under another statement counts no more."""
    stated = stated_limit()
    known = Knowledge(
        limit=stated or 1, most=stated or MOST_PERMITS, longest_seconds=row.longest_seconds
    )
    if row.stated != stated:
        return known
    return Knowledge(
        limit=min(row.learned, known.most),
        most=known.most,
        ceiling=row.ceiling,
        longest_seconds=row.longest_seconds,
    )
