"""Writes the audit trail: in one place, which no new view can forget."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from llmconfig.audit.calls import entry_of, may_change

logger = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], Any]


@sync_and_async_middleware
def audit(get_response: Handler) -> Handler:
    """Innermost: it sees the answer to what a view did, and to what it failed at.

    The entry is written right after the view and not in its transaction, because it tells the
    status, which is known when that has ended: a refused call's transaction is rolled back, and its
    entry must stay.
    """
    if not iscoroutinefunction(get_response):

        def tell(request: HttpRequest) -> HttpResponseBase:
            response: HttpResponseBase = get_response(request)
            if may_change(request):
                record(request, response)
            return response

        return tell

    async def tell_async(request: HttpRequest) -> HttpResponseBase:
        response = await cast("Awaitable[HttpResponseBase]", get_response(request))
        if may_change(request):
            await sync_to_async(record)(request, response)
        return response

    return tell_async


def record(request: HttpRequest, response: HttpResponseBase) -> None:
    """Store one entry. What cannot be stored is logged instead: the call is done, and an error
    would have the client do it again."""
    entry = None
    try:
        if entry := entry_of(request, response):
            entry.save(force_insert=True)
    except Exception:
        logger.exception(
            "The audit trail lacks %s %r by %r: status %s",
            request.method,
            request.path,
            entry and entry.username,
            response.status_code,
            extra={"action": "audit_lost"},
        )
