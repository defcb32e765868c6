"""The wrapper around Django: what it takes over, and what it lets by."""

import asyncio
import uuid
from dataclasses import replace

import pytest

from workers.streaming.asgi import EventStreams, hand_over
from workers.streaming.cursors import START
from workers.streaming.diff import Row
from workers.streaming.serving import Ticket

ENDED = Row(status="cancelled", deliveries=0, attempts=(), end={"status": "cancelled"})
OPEN = Row(status="queued", deliveries=0, attempts=(), end=None)
TICKET = Ticket(run_id=uuid.uuid4(), user_id=1, row=ENDED, told=START, seconds=5)


class Request:
    def __init__(self, scope):
        self.scope = scope


def answers(status, *, hands_over):
    """An application that answers so."""

    async def application(scope, receive, send):
        if hands_over:
            assert hand_over(Request(scope), TICKET)
        headers = [(b"content-length", b"5"), (b"x-own", b"1")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"whole"})

    return application


def asked(application):
    sent = []

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    async def ask():
        await EventStreams(application)({"type": "http"}, receive, send)

    asyncio.run(ask())
    return sent, b"".join(message.get("body", b"") for message in sent)


def test_a_response_without_a_ticket_passes_as_it_is():
    sent, body = asked(answers(200, hands_over=False))
    assert body == b"whole"
    assert sent[0]["headers"][0] == (b"content-length", b"5")


def test_a_ticket_is_served_under_the_head_that_django_made():
    sent, body = asked(answers(200, hands_over=True))
    assert sent[0]["headers"] == [(b"x-own", b"1")]
    assert b"whole" not in body
    assert b"event: end" in body
    assert sent[-1]["more_body"] is False


@pytest.mark.parametrize("status", [404, 500])
def test_what_fails_after_the_view_is_no_stream(status):
    sent, body = asked(answers(status, hands_over=True))
    assert (sent[0]["status"], body) == (status, b"whole")


def test_other_than_http_is_none_of_its_business():
    seen = []

    async def application(scope, receive, send):
        seen.append(scope)

    asyncio.run(EventStreams(application)({"type": "lifespan"}, None, None))
    assert seen == [{"type": "lifespan"}]


def test_a_request_that_nobody_serves_streams_for_has_to_be_answered_whole():
    assert not hand_over(object(), TICKET)


def test_a_user_has_a_bounded_number_of_open_streams(settings):
    settings.API_MAX_EVENT_STREAMS = 2
    got, leave = [], asyncio.Event()

    async def application(scope, receive, send):
        ticket = replace(TICKET, row=OPEN, user_id=scope["user"])
        got.append(hand_over(Request(scope), ticket))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"whole"})

    async def receive():
        await leave.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        pass

    async def ask():
        streams = EventStreams(application)
        tasks = []
        for user in (1, 1, 1, 2):
            scope = {"type": "http", "user": user}
            tasks.append(asyncio.create_task(streams(scope, receive, send)))
            await asyncio.sleep(0.01)
        leave.set()
        await asyncio.gather(*tasks)
        await streams({"type": "http", "user": 1}, receive, send)

    asyncio.run(ask())
    assert got == [True, True, False, True, True]
