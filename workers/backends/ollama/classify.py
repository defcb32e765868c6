"""Classification of failures: Ollama's and the network's errors to outcomes, in one closed table.

The official client lets `ConnectionError`, errors of httpx, `json.JSONDecodeError`, pydantic's
errors and `ResponseError` escape. `translate` turns whatever it was into `AttemptFailed`.
"""

import email.utils
import re
from collections.abc import Collection
from datetime import UTC, datetime

import httpx
import ollama

from workers.backends.ollama.error_texts import message_of
from workers.backends.ollama.overflow import overflow_of
from workers.backends.ollama.transport import AnswerTooLarge, Seen
from workers.runs.outcomes import AttemptFailed, Cause, Outcome

TABLE: dict[Cause, tuple[Outcome, str]] = {
    Cause.UNREACHABLE: (Outcome.HOST, "Ollama's host cannot be reached"),
    Cause.HOST_REFUSES: (Outcome.HOST, "Ollama's host refuses us"),
    Cause.SERVER_QUEUE: (
        Outcome.HOST,
        "Another attempt of ours was answered meanwhile: this one waited in the server's queue",
    ),
    Cause.CONNECT_TIMEOUT: (Outcome.HOST, "Ollama's host did not accept a connection in time"),
    Cause.CONNECTION_LOST: (Outcome.TRANSIENT, "The connection to Ollama broke"),
    Cause.SERVER_ERROR: (Outcome.TRANSIENT, "Ollama failed"),
    Cause.BUSY: (Outcome.TRANSIENT, "Ollama has too much to do"),
    Cause.GIVEN_UP: (Outcome.TRANSIENT, "The request was given up on its way"),
    Cause.STREAM_ERROR: (Outcome.TRANSIENT, "Ollama failed in the middle of its answer"),
    Cause.BROKEN_ANSWER: (Outcome.TRANSIENT, "The answer is not what Ollama sends"),
    Cause.REDIRECTED: (Outcome.TRANSIENT, "The host redirects instead of answering"),
    Cause.NOT_DONE: (Outcome.TRANSIENT, "The answer ended before it was done"),
    Cause.EMPTY: (Outcome.TRANSIENT, "The answer is empty"),
    Cause.UNLOADED: (Outcome.TRANSIENT, "Ollama loaded or unloaded the model instead of answering"),
    Cause.TOO_LONG: (Outcome.TRANSIENT, "The answer is too long"),
    Cause.INVALID_OUTPUT: (Outcome.TRANSIENT, "The answer is not valid"),
    Cause.UNEXPECTED: (Outcome.TRANSIENT, "Something unexpected went wrong"),
    Cause.STOPPED: (Outcome.TRANSIENT, "The worker closed its connections"),
    Cause.SLOW_START: (Outcome.SLOW, "No first token in time"),
    Cause.STALLED: (Outcome.SLOW, "The answer stalled"),
    Cause.TIMEOUT: (Outcome.SLOW, "The answer took too long"),
    Cause.LOAD_TIMEOUT: (Outcome.SLOW, "The model took too long to load"),
    Cause.OUT_OF_TIME: (Outcome.SLOW, "The time for this attempt ran out"),
    Cause.MODEL_MISSING: (Outcome.UNUSABLE, "Ollama does not have the model"),
    Cause.ONLY_THINKING: (Outcome.UNUSABLE, "The model thought and wrote no answer"),
    Cause.INCAPABLE: (Outcome.UNUSABLE, "The model cannot do this"),
    Cause.MODEL_REFUSED: (Outcome.UNUSABLE, "Ollama refuses us this model"),
    Cause.CANNOT_LOAD: (Outcome.UNUSABLE, "Ollama cannot load the model"),
    Cause.INVALID_REQUEST: (Outcome.UNUSABLE, "Ollama refuses a value in the request"),
    Cause.REQUEST_REFUSED: (Outcome.UNUSABLE, "The request is refused"),
    Cause.CONTEXT_OVERFLOW: (
        Outcome.UNUSABLE,
        "The prompt and its answer do not fit the model's context",
    ),
    Cause.NO_SUCH_PATH: (Outcome.UNUSABLE, "The host does not have Ollama's API at this address"),
    Cause.REJECTED: (Outcome.REJECTED, "The content is refused"),
    Cause.DEADLINE_PASSED: (Outcome.FINAL, "The deadline has passed"),
    Cause.CANCELLED: (Outcome.FINAL, "Cancelled"),
}

#: What the client raises. First match wins.
ERRORS: tuple[tuple[type[Exception], Cause], ...] = (
    (httpx.ConnectTimeout, Cause.CONNECT_TIMEOUT),
    (httpx.ConnectError, Cause.UNREACHABLE),
    (httpx.InvalidURL, Cause.UNREACHABLE),
    (AnswerTooLarge, Cause.TOO_LONG),
    (httpx.DecodingError, Cause.BROKEN_ANSWER),
    (httpx.TransportError, Cause.CONNECTION_LOST),
    # JSON that does not parse, nests too deep, is no object, or lacks what Ollama always sends.
    (ValueError, Cause.BROKEN_ANSWER),
    (TypeError, Cause.BROKEN_ANSWER),
    (AttributeError, Cause.BROKEN_ANSWER),
    (RecursionError, Cause.BROKEN_ANSWER),
    (Exception, Cause.UNEXPECTED),
)

_FAULTS_OF_THE_REQUEST = (400, 413, 422)
#: What was asked is refused, which another model on this host would not change.
_CONTENT = re.compile(
    r"(?<!access )(?<!network )(?<!security )(?<!cors )\bpolic(y|ies)\b|content[ _-]?policy"
    r"|\bmoderation\b|\bsafety\b|content[ _-](filter|rejected|refused|blocked)",
    re.IGNORECASE,
)

#: HTTP statuses that are no success. First match wins: a row holds for its statuses where its
#: phrase, if it has one, is found in what the server says. The phrases are Ollama's, llama.cpp's
#: and, for a path that is not Ollama's, those of common web servers.
STATUSES: tuple[tuple[Collection[int], re.Pattern[str] | None, Cause], ...] = (
    (range(300, 400), None, Cause.REDIRECTED),
    (
        _FAULTS_OF_THE_REQUEST,
        re.compile(
            r"context (length|size|window)|exceed_context|input length exceeds"
            r"|prompt (is )?too long",
            re.IGNORECASE,
        ),
        Cause.CONTEXT_OVERFLOW,
    ),
    (
        _FAULTS_OF_THE_REQUEST,
        re.compile(r"does not support|unsupported model", re.IGNORECASE),
        Cause.INCAPABLE,
    ),
    (
        _FAULTS_OF_THE_REQUEST,
        re.compile(r"model\b.*\bnot found|invalid model name|try pulling", re.IGNORECASE),
        Cause.MODEL_MISSING,
    ),
    (
        (404,),
        re.compile(r"\A\s*(not found\s*)?\Z|\A\s*[<{\[]|page not found", re.IGNORECASE),
        Cause.NO_SUCH_PATH,
    ),
    ((404,), None, Cause.MODEL_MISSING),
    ((429,), None, Cause.BUSY),
    ((408, 499), None, Cause.GIVEN_UP),
    (range(400, 500), _CONTENT, Cause.REJECTED),
    ((401, 402, 403, 407, 410), None, Cause.MODEL_REFUSED),
    (range(400, 500), None, Cause.REQUEST_REFUSED),
    (
        (500,),
        re.compile(r'\boption "[^"]*" must be of type|\binvalid format: |\btemplate: \S*:\d+:'),
        Cause.INVALID_REQUEST,
    ),
    (
        range(500, 600),
        re.compile(
            r"(requires|needs) more [\w ]*memory|(out of|not enough|insufficient) memory"
            r"|(unknown|unsupported) (model )?architecture"
            r"|(unable to|failed to|error) load(ing)? model",
            re.IGNORECASE,
        ),
        Cause.CANNOT_LOAD,
    ),
    ((500,), re.compile(r"timed out waiting for llama", re.IGNORECASE), Cause.LOAD_TIMEOUT),
    (range(500, 1000), None, Cause.SERVER_ERROR),
)

_THINK = re.compile(r"\bthink(ing)?\b", re.IGNORECASE)
_SECONDS = re.compile(r"\d+(\.\d*)?\Z")
#: Longer than any deadline. What asks for more says no more than that.
LONGEST_WAIT_SECONDS = 10.0**9


def failure(cause: Cause, detail: str = "") -> AttemptFailed:
    """The failure that the table gives for a cause, with what is known beyond it."""
    outcome, sentence = TABLE[cause]
    return AttemptFailed(outcome, f"{sentence}: {detail}" if detail else sentence, cause)


def translate(error: Exception, seen: Seen) -> AttemptFailed:
    """The failure for an error that the client raised; ``seen`` is the exchange it raised it in."""
    if isinstance(error, AttemptFailed):
        return error
    if isinstance(error, ollama.ResponseError) and error.status_code == -1:
        text = message_of(error.error)
        return failure(Cause.REJECTED if _CONTENT.search(text) else Cause.STREAM_ERROR, text)
    if isinstance(error, ollama.ResponseError):
        return _overflowed(error) or by_status(error.status_code, message_of(error.error), seen)
    if seen.refused:
        # The client failed on what came beside the status.
        return by_status(seen.status or 0, "", seen)
    if isinstance(error, ValueError | TypeError) and not seen.connected:
        return failure(Cause.REQUEST_REFUSED, f"it cannot be sent ({type(error).__name__})")
    original = original_of(error)
    cause = next(cause for kind, cause in ERRORS if isinstance(original, kind))
    return failure(cause, _foreign_type(cause, seen) or _detail(original))


def _overflowed(error: ollama.ResponseError) -> AttemptFailed | None:
    """The failure for a prompt that the server refused for its length, with both numbers."""
    overflow = overflow_of(error.error)
    if overflow is None:
        return None
    said = f"HTTP {error.status_code} {message_of(error.error)}"
    failed = failure(Cause.CONTEXT_OVERFLOW, f"{overflow} ({said})")
    failed.prompt_tokens, failed.context_window = overflow.prompt_tokens, overflow.context_window
    return failed


def original_of(error: Exception) -> BaseException:
    """What the client met: it replaces a failed connection's error by advice of its own."""
    replaced = type(error) is ConnectionError and error.__context__
    return replaced or error


def by_status(status: int, text: str, seen: Seen) -> AttemptFailed:
    """The failure for an HTTP status that is no success, with what the server said."""
    failed = failure(_cause_of(status, text), f"HTTP {status} {text}".rstrip())
    if failed.outcome is Outcome.TRANSIENT:
        failed.retry_after_seconds = retry_after_seconds(
            seen.headers.get("retry-after", ""), seen.headers.get("date", "")
        )
    return failed


def refuses_think(error: ollama.ResponseError) -> bool:
    """Whether a server refuses the field ``think``: a strict one that is older than the field."""
    return error.status_code in _FAULTS_OF_THE_REQUEST and bool(_THINK.search(str(error.error)))


def retry_after_seconds(value: str, date: str = "") -> float | None:
    """Seconds until the moment of a ``Retry-After`` header: a number of seconds or an HTTP date.

    ``date``: the ``Date`` header, by whose clock the moment is meant. None for what is neither.
    """
    if _SECONDS.match(value.strip()):
        return min(float(value), LONGEST_WAIT_SECONDS)
    moment = _moment(value)
    if moment is None:
        return None
    return max(0.0, (moment - (_moment(date) or datetime.now(UTC))).total_seconds())


def _moment(value: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _cause_of(status: int, text: str) -> Cause:
    for statuses, phrase, cause in STATUSES:
        if status in statuses and (phrase is None or phrase.search(text)):
            return cause
    return Cause.BROKEN_ANSWER


def _foreign_type(cause: Cause, seen: Seen) -> str:
    kind: str = seen.headers.get("content-type", "")
    foreign = cause is Cause.BROKEN_ANSWER and kind and "json" not in kind
    return f"its content type is {kind}" if foreign else ""


def _detail(error: BaseException) -> str:
    name = type(error).__name__
    tells = isinstance(error, httpx.HTTPError | httpx.InvalidURL)
    return f"{name}: {error}" if tells and str(error) else name
