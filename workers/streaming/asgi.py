"""ASGI wrapper that serves event streams: they outlive Django's request.

The view authenticates, limits and checks like any other, and hands over a ticket. Then Django's
request ends, with its thread and its connection to the database; only after that the first byte
goes out, and the stream is a few small objects on the event loop.

What limits the requests that are worked on belongs inside of this, around Django itself: an open
stream is none of them.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from workers.streaming.hub import Hub
from workers.streaming.serving import Message, Receive, Send, Stream, Ticket
from workers.streaming.stopping import on_stop

Scope = MutableMapping[str, Any]
#: Servers and Django type what goes between them a little differently.
Application = Callable[[Any, Any, Any], Awaitable[None]]

_KEY = "llmconfig.events"


@dataclass(kw_only=True)
class _Handover:
    """Where a request leaves its ticket."""

    #: How many streams each user has open in this process.
    open_of: Counter[Any]
    ticket: Ticket | None = None


def hand_over(request: HttpRequest, ticket: Ticket) -> bool:
    """Have the stream served when this request has ended. False where its user has as many as
    ``API_MAX_EVENT_STREAMS``, or no server serves it (WSGI, the test client): then the response
    must be complete in itself."""
    handover = getattr(request, "scope", {}).get(_KEY)
    if handover is None:
        return False
    most = settings.API_MAX_EVENT_STREAMS
    if most and handover.open_of[ticket.user_id] >= most:
        return False
    handover.ticket = ticket
    return True


class EventStreams:
    """An ASGI application around another one."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._hub: Hub | None = None
        self._open_of = Counter[Any]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        handover, heads = _Handover(open_of=self._open_of), list[Message]()

        async def pass_on(message: Message) -> None:
            if message.get("status", 200) != 200:
                # Something failed after the view.
                handover.ticket = None
            if handover.ticket is None:
                await send(message)
            elif message["type"] == "http.response.start":
                heads.append(message)

        await self._application({**scope, _KEY: handover}, receive, pass_on)
        if handover.ticket is not None and heads:
            with self._counted(handover.ticket.user_id):
                stream = Stream(handover.ticket, receive, send)
                await stream.serve(self._the_hub(), _open(heads[0]))

    @contextmanager
    def _counted(self, user_id: Any) -> Iterator[None]:
        self._open_of[user_id] += 1
        try:
            yield
        finally:
            self._open_of[user_id] -= 1
            if not self._open_of[user_id]:
                del self._open_of[user_id]

    def _the_hub(self) -> Hub:
        if self._hub is None:
            self._hub = Hub()
            on_stop(self._hub.close)
        return self._hub


def _open(head: Message) -> Message:
    """The head of a response whose length nobody knows."""
    headers = [
        (name, value) for name, value in head["headers"] if name.lower() != b"content-length"
    ]
    return {**head, "headers": headers}
