"""How an attempt can end: a closed set. Pure, so that retry, fallback and breaker can decide by it.

The backend and the output check raise `AttemptFailed`; nothing else of theirs reaches the runner.
"""

import re
from enum import StrEnum

REASON_LENGTH = 500

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]+")


class Outcome(StrEnum):
    """One word per way to end; what follows each is the retry policy's business."""

    SUCCEEDED = "succeeded"
    HOST = "host"
    TRANSIENT = "transient"
    SLOW = "slow"
    UNUSABLE = "unusable"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    FINAL = "final"


class Cause(StrEnum):
    """Why an attempt failed, finer than its outcome; see `workers.backends.ollama.classify`."""

    UNREACHABLE = "unreachable"
    HOST_REFUSES = "host_refuses"
    SERVER_QUEUE = "server_queue"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECTION_LOST = "connection_lost"
    SERVER_ERROR = "server_error"
    BUSY = "busy"
    GIVEN_UP = "given_up"
    STREAM_ERROR = "stream_error"
    BROKEN_ANSWER = "broken_answer"
    REDIRECTED = "redirected"
    NOT_DONE = "not_done"
    EMPTY = "empty"
    ONLY_THINKING = "only_thinking"
    UNLOADED = "unloaded"
    TOO_LONG = "too_long"
    INVALID_OUTPUT = "invalid_output"
    UNEXPECTED = "unexpected"
    STOPPED = "stopped"
    SLOW_START = "slow_start"
    STALLED = "stalled"
    TIMEOUT = "timeout"
    LOAD_TIMEOUT = "load_timeout"
    OUT_OF_TIME = "out_of_time"
    MODEL_MISSING = "model_missing"
    MODEL_REFUSED = "model_refused"
    INCAPABLE = "incapable"
    CANNOT_LOAD = "cannot_load"
    INVALID_REQUEST = "invalid_request"
    REQUEST_REFUSED = "request_refused"
    CONTEXT_OVERFLOW = "context_overflow"
    NO_SUCH_PATH = "no_such_path"
    REJECTED = "rejected"
    DEADLINE_PASSED = "deadline_passed"
    CANCELLED = "cancelled"


class AttemptFailed(Exception):
    """One attempt ended without a usable answer.

    ``reason`` is one line of at most 500 characters that is safe to store and to show. The measured
    facts are None where they are not known.
    """

    def __init__(
        self,
        outcome: Outcome,
        reason: str,
        cause: Cause | None = None,
        *,
        retry_after_seconds: float | None = None,
        load_ms: int | None = None,
        queue_ms: int | None = None,
        first_token_ms: int | None = None,
        silent_ms: int | None = None,
        prompt_tokens: int | None = None,
        completion_tokens: int | None = None,
        context_window: int | None = None,
    ) -> None:
        self.outcome = outcome
        self.reason = one_line(reason)
        self.cause = cause
        self.retry_after_seconds = retry_after_seconds
        self.load_ms = load_ms
        self.queue_ms = queue_ms
        self.first_token_ms = first_token_ms
        #: Without a token until the end; None while the model was still loading.
        self.silent_ms = silent_ms
        self.prompt_tokens = prompt_tokens
        self.completion_tokens = completion_tokens
        #: The context in tokens that the server named when it refused the prompt.
        self.context_window = context_window
        super().__init__(outcome, self.reason, cause)

    def __str__(self) -> str:
        return f"{self.outcome}: {self.reason}"


def one_line(text: str, limit: int = REASON_LENGTH) -> str:
    """Foreign text as one printable line that PostgreSQL stores, cut to ``limit`` characters."""
    line = " ".join(_UNPRINTABLE.sub(" ", text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
