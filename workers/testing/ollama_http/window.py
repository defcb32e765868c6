"""A prompt longer than the window: refused with both numbers, or halved in silence."""

from workers.testing.ollama_http.errors import RequestError, runner_error

SMALLEST = 4
#: Tokens at the beginning that survive when a prompt is cut (``num_keep``).
KEEP = 4


def window(stated: int | None, *, default: int, longest: int) -> int:
    """Tokens of prompt and answer; a ``num_ctx`` out of bounds is moved in silence."""
    return max(SMALLEST, min(default if stated is None else stated, longest))


def cut(length: int, keep: int | None = None) -> tuple[int, int]:
    """How many tokens of a prompt too long for a window remain: of its beginning, of its end."""
    kept = min(max(KEEP if keep is None else keep, 0), length)
    return kept, (length - kept) // 2


def too_long(count: int, length: int) -> RequestError:
    """The refusal of ``truncate: false``."""
    return runner_error(
        f"request ({count} tokens) exceeds the available context size ({length} tokens),"
        " try increasing it",
        "exceed_context_size_error",
        n_prompt_tokens=count,
        n_ctx=length,
    )
