"""Errors that a server answers with, in Ollama's form: a status and ``{"error": text}``."""

from http import HTTPStatus


class RequestError(Exception):
    """A request that is answered with ``status`` and ``message``."""

    def __init__(self, message: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
