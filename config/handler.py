"""Django under ASGI with one thread for each request, from the first middleware to the view.

Django's own handler runs the middleware on the event loop, and goes to the request's thread and
back for each that is written for threads, which are nearly all. Every view here is one for threads;
what streams is not Django's (`workers.streaming.asgi`).
"""

from collections.abc import Mapping
from typing import Any

import django
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import BadRequest
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class Handler(ASGIHandler):
    """The application, without event streams and admission."""

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        response: Any = await sync_to_async(self.get_response, thread_sensitive=True)(request)
        return response  # type: ignore[no-any-return]

    def create_request(self, scope: Mapping[str, Any], body_file: Any) -> Any:
        """A ``Content-Type`` that cannot be read is none: Django's own handler fails on it, since
        6.1 with an error of its own."""
        scope = _with_path(scope)
        try:
            return super().create_request(scope, body_file)
        except (ValueError, TypeError, BadRequest):
            rest = [each for each in scope["headers"] if each[0] != b"content-type"]
            return super().create_request({**scope, "headers": rest}, body_file)


def _with_path(scope: Mapping[str, Any]) -> Mapping[str, Any]:
    """The scope as a proxy makes it that leaves the path in front: others take it away."""
    prefix = settings.FORCE_SCRIPT_NAME
    if not prefix or scope["path"].startswith(f"{prefix}/"):
        return scope
    return {**scope, "path": prefix + scope["path"]}


def handler() -> Handler:
    """Set Django up, and answer its application."""
    django.setup(set_prefix=False)
    return Handler()
