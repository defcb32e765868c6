"""What can go wrong in the model server.

ModelServerError
├── StartError      the server cannot start: one line for whoever started it, exit code 1
├── RequestError    the answer is an error: a status and Ollama's ``{"error": text}``
└── JobCancelled    nobody waits for this generation any more
"""

from http import HTTPStatus


class ModelServerError(Exception):
    """Anything this package raises on purpose."""


class StartError(ModelServerError):
    """The server cannot start; the message is one line that says what to do."""


class RequestError(ModelServerError):
    """A request that is answered with ``status`` and ``message``."""

    def __init__(self, message: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class JobCancelled(ModelServerError):
    """The generation was given up; there is no answer to send."""
