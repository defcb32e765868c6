"""Collecting a streamed answer, and deciding whether it is one."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import ollama

from workers import output
from workers.backend import classify, options
from workers.backend.clock import milliseconds
from workers.outcomes import AttemptFailed, Cause

MAX_CHARACTERS = 1_000_000
#: PostgreSQL's ``integer``; a count beyond it is nonsense.
MAX_COUNT = 2**31 - 1


@dataclass
class Answer:
    """What has come so far."""

    #: Hears each piece of text.
    on_text: Callable[[str], None] | None = None
    parts: list[str] = field(default_factory=list)
    characters: int = 0
    thought: bool = False
    first_token_at: float | None = None
    last: ollama.ChatResponse | None = None
    last_at: float = 0.0

    def take(self, chunk: ollama.ChatResponse) -> bool:
        """Add a chunk; whether it brought a token, of the answer or of the thinking before it.

        Raises AttemptFailed when the answer is too long.
        """
        content, thinking = chunk.message.content or "", chunk.message.thinking or ""
        self.parts.append(content)
        self.thought = self.thought or bool(thinking)
        self.characters += len(content) + len(thinking)
        if self.characters > MAX_CHARACTERS:
            raise classify.failure(Cause.TOO_LONG, f"more than {MAX_CHARACTERS} characters")
        if chunk.done:
            self.last, self.last_at = chunk, time.monotonic()
        if not (content or thinking):
            return False
        if content and self.on_text is not None:
            self.on_text(content)
        if self.first_token_at is None:
            self.first_token_at = time.monotonic()
        return True

    @property
    def content(self) -> str:
        return "".join(self.parts)

    @property
    def done_reason(self) -> str:
        return (self.last.done_reason if self.last else None) or ""

    @property
    def prompt_tokens(self) -> int | None:
        return _count(self.last.prompt_eval_count if self.last else None)

    @property
    def completion_tokens(self) -> int | None:
        return _count(self.last.eval_count if self.last else None)

    def first_token_ms(self, began: float) -> int | None:
        """Milliseconds from ``began`` to the first token; None while there was none."""
        return None if self.first_token_at is None else milliseconds(self.first_token_at - began)

    def duration_ms(self, began: float) -> int:
        """Milliseconds from ``began`` to the end of a complete answer."""
        return milliseconds(self.last_at - began)

    def checked(self, stated: Mapping[str, Any], *, actual_window: int | None) -> str:
        """The text of a complete, non-empty answer to the whole prompt.

        ``stated``: the request's options. Raises AttemptFailed when it is not such an answer.
        """
        if self.last is None:
            raise classify.failure(Cause.NOT_DONE)
        if self.done_reason in {"load", "unload"}:
            raise classify.failure(Cause.UNLOADED, f"done_reason {self.done_reason}")
        window = options.context_window(stated)
        if self._prompt_was_cut(window, actual_window):
            detail = f"Ollama read {self.prompt_tokens} tokens, all that fit"
            raise classify.failure(Cause.CONTEXT_OVERFLOW, detail)
        text = output.well_formed(self.content)
        if not text.strip():
            raise self._empty()
        if self._ran_out_of_context(window or actual_window, stated.get("max_tokens")):
            detail = f"the answer ends where {window or actual_window} tokens are full"
            raise classify.failure(Cause.CONTEXT_OVERFLOW, detail)
        return text

    def note(self, failed: AttemptFailed, began: float) -> None:
        """Put what was measured on a failure."""
        failed.first_token_ms = self.first_token_ms(began)
        # A server that refuses a prompt names its tokens, and answers nothing.
        if self.last is not None:
            failed.prompt_tokens = self.prompt_tokens
            failed.completion_tokens = self.completion_tokens

    def _prompt_was_cut(self, stated_window: int | None, actual_window: int | None) -> bool:
        # Ollama cuts a prompt to exactly the context. A window that it reports may be an earlier
        # runner's, so that one counts only when it is met exactly.
        tokens = self.prompt_tokens
        if tokens is None:
            return False
        return tokens == actual_window or (stated_window is not None and tokens >= stated_window)

    def _ran_out_of_context(self, window: int | None, max_tokens: int | None) -> bool:
        if self.done_reason != "length" or window is None:
            return False
        prompt, written = self.prompt_tokens or 0, self.completion_tokens or 0
        as_asked = max_tokens is not None and written >= max_tokens
        return not as_asked and prompt + written >= window

    def _empty(self) -> AttemptFailed:
        if self.done_reason == "length":
            cause = Cause.ONLY_THINKING if self.thought else Cause.EMPTY
            return classify.failure(cause, "done_reason length")
        return classify.failure(Cause.EMPTY)


def _count(value: int | None) -> int | None:
    return value if value is not None and 0 <= value <= MAX_COUNT else None
