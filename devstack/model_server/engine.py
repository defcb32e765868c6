"""Runs generations one after another in one thread, in the order in which they came."""

import logging
import queue
import threading
from http import HTTPStatus
from pathlib import Path

from devstack.model_server.jobs import Chunk, Job
from devstack.model_server.native import Native, load
from workers.testing.ollama_http.errors import RequestError, runner_error

LOGGER = logging.getLogger(__name__)

MOST_WAITING = 512
CONTEXT_LENGTH = 8192
STOP_SECONDS = 1.5


class Engine:
    """The loaded weights and the one slot they have.

    ``context_length`` is in tokens. Raises ``StartError`` where the weights cannot be loaded.
    """

    def __init__(self, weights: Path, *, threads: int, context_length: int = CONTEXT_LENGTH):
        self.context_length = context_length
        self._closing = threading.Event()
        self._waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._open: set[Job] = set()
        native = load(weights, context_length=context_length, threads=threads)
        # The thread alone holds the native server: its end is the server's end.
        self._thread = threading.Thread(target=self._work, args=(native,), daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue ``job``. Raises ``RequestError`` 503 when too many wait or after ``close``."""
        if self._closing.is_set():
            raise _shutting_down()
        if self._waiting.qsize() >= MOST_WAITING:
            raise RequestError(
                "server busy, please try again.  maximum pending requests exceeded",
                HTTPStatus.SERVICE_UNAVAILABLE,
            )
        self._open.add(job)
        self._waiting.put(job)

    def close(self) -> None:
        """Answer the present and all waiting jobs with an error. Safe in a signal handler."""
        self._closing.set()
        self._waiting.put(None)
        for job in tuple(self._open):
            # Not when the engine has noticed: on a busy machine that takes seconds.
            job.finish(_shutting_down())

    def ended(self) -> bool:
        """Whether the engine's thread has ended; it is given a moment for it."""
        self._thread.join(STOP_SECONDS)
        return not self._thread.is_alive()

    def _work(self, native: Native) -> None:
        while (job := self._waiting.get()) is not None:
            if not job.cancelled and not self._closing.is_set():
                job.finish(self._outcome(native, job))
            self._open.discard(job)

    def _outcome(self, native: Native, job: Job) -> RequestError | None:
        """Run the job; why it failed, or None."""
        try:
            return _Run(native, job, self._closing).outcome()
        except ValueError as refused:
            return runner_error(_reason(str(refused)))
        except Exception:
            LOGGER.exception("The engine failed")
            return RequestError("the engine failed", HTTPStatus.INTERNAL_SERVER_ERROR)


class _Run:
    """One job in the slot."""

    def __init__(self, native: Native, job: Job, closing: threading.Event) -> None:
        self._native, self._job, self._closing = native, job, closing
        self._error: RequestError | None = None

    def outcome(self) -> RequestError | None:
        is_chat = "messages" in self._job.request
        native = self._native
        handle = native.handle_chat_completions if is_chat else native.handle_completions
        handle(self._job.request, self._receive)
        return self._error

    def _receive(self, chunk: Chunk) -> bool:
        """Called by the engine for every chunk; True stops it."""
        if self._job.cancelled or self._closing.is_set():
            return True
        if "error" in chunk:
            self._error = _engine_error(chunk["error"])
        elif "prompt_progress" not in chunk:
            self._job.offer(chunk)
        return self._error is not None


def _shutting_down() -> RequestError:
    return RequestError("the server is shutting down", HTTPStatus.SERVICE_UNAVAILABLE)


def _engine_error(error: Chunk) -> RequestError:
    if error["code"] == HTTPStatus.BAD_REQUEST:
        return runner_error(_reason(error["message"]))
    return RequestError(_reason(error["message"]), error["code"])


def _reason(message: str) -> str:
    """The engine's message without the steps that led to it."""
    return message.rpartition("failed: ")[2].splitlines()[0]
