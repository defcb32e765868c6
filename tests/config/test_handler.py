"""Django under ASGI: a request goes to its thread once, and back when it is answered."""

import asyncio
import sys
import threading
import traceback

from asgiref.testing import ApplicationCommunicator
from django.http import HttpResponse
from django.urls import path

from config.handler import Handler

SCOPE = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}


class Seen:
    thread = 0
    between: tuple[str, ...] = ()


def passing(get_response):
    """A middleware that is written for threads."""

    def middleware(request):
        return get_response(request)

    return middleware


def view(request):
    modules = [
        frame.f_globals["__name__"] for frame, _line in traceback.walk_stack(sys._getframe())
    ]
    outermost = max(place for place, name in enumerate(modules) if name == __name__)
    Seen.thread, Seen.between = threading.get_ident(), tuple(modules[:outermost])
    return HttpResponse("ok")


urlpatterns = [path("", view)]


def test_a_request_goes_from_the_first_middleware_to_the_view_without_the_event_loop(settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [f"{__name__}.passing"] * 3

    async def ask():
        client = ApplicationCommunicator(Handler(), SCOPE)
        await client.send_input({"type": "http.request", "body": b""})
        head, _body = [await client.receive_output(30) for _ in range(2)]
        await client.wait(30)
        return head["status"]

    assert asyncio.run(ask()) == 200
    assert Seen.thread != threading.get_ident()
    assert Seen.between.count(__name__) == 3
    assert not [name for name in Seen.between if name.startswith("asgiref")]
