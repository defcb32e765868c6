"""Collecting a streamed answer, and deciding whether it is one."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import ollama

from workers.backends import output
from workers.backends.ollama import classify, options
from workers.backends.ollama.clock import Clock, milliseconds
from workers.backends.ollama.durations import Durations, durations_of
from workers.runs.outcomes import AttemptFailed, Cause

MAX_CHARACTERS = 1_000_000
#: PostgreSQL's ``integer``; a count beyond it is nonsense.
MAX_COUNT = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """Callbacks of an answer under way, on the event loop's thread."""

    #: With each piece of text.
    on_text: Callable[[str], None] | None = None
    #: For each chunk with a token, of the answer or of the thinking before it.
    on_token: Callable[[], None] | None = None

    def call(self, content: str) -> None:
        """Report a chunk with a token, and the text in it."""
        if self.on_token is not None:
            self.on_token()
        if content and self.on_text is not None:
            self.on_text(content)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Milliseconds of an attempt; None: not known, or it did not happen."""

    load_ms: int | None
    #: In the server's own queue.
    queue_ms: int | None
    #: From the end of the load.
    first_token_ms: int | None
    duration_ms: int | None


@dataclass
class Answer:
    """What has come so far."""

    hooks: Hooks = field(default_factory=Hooks)
    parts: list[str] = field(default_factory=list)
    characters: int = 0
    thought: bool = False
    first_token_at: float | None = None
    last: ollama.ChatResponse | None = None
    last_at: float | None = None

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
        self.hooks.call(content)
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

    def measured(self, clock: Clock) -> "Measured":
        """The attempt's times, by the server's durations where they can be right."""
        durations = self._durations(clock.asked_at)
        load = clock.load_seconds if durations.load is None else durations.load
        began = clock.asked_at + (load or 0.0)
        return Measured(
            load_ms=None if load is None else milliseconds(load),
            queue_ms=None if durations.queue is None else milliseconds(durations.queue),
            first_token_ms=_since(began, self.first_token_at),
            duration_ms=_since(began, self.last_at),
        )

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

    def note(self, failed: AttemptFailed, clock: Clock) -> None:
        """Put what was measured on a failure."""
        measured = self.measured(clock)
        failed.first_token_ms = measured.first_token_ms
        failed.load_ms, failed.queue_ms = measured.load_ms, measured.queue_ms
        silent = clock.silent_seconds
        failed.silent_ms = None if silent is None else milliseconds(silent)
        # A server that refuses a prompt names its tokens, and answers nothing.
        if self.last is not None:
            failed.prompt_tokens = self.prompt_tokens
            failed.completion_tokens = self.completion_tokens

    def _durations(self, asked_at: float) -> Durations:
        if self.last is None or self.last_at is None:
            return Durations()
        first_token_at = self.first_token_at or self.last_at
        return durations_of(
            self.last,
            elapsed=self.last_at - asked_at,
            to_first_token=first_token_at - asked_at,
        )

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
        cause = Cause.ONLY_THINKING if self.thought else Cause.EMPTY
        is_cut = self.done_reason == "length"
        return classify.failure(cause, "its tokens ran out (done_reason length)" if is_cut else "")


def _since(began: float, moment: float | None) -> int | None:
    return None if moment is None else max(0, milliseconds(moment - began))


def _count(value: int | None) -> int | None:
    return value if value is not None and 0 <= value <= MAX_COUNT else None
