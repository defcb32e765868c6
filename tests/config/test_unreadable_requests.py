"""Requests that Django's own ASGI handler would fail on."""

import asyncio
import json

import pytest

from config.handler import Handler

UNREADABLE = b"application/json; a*=no-charset''%ff"


def ask(method, path, body=b"", content_type=UNREADABLE):
    """The status, and the body of the answer."""
    sent, messages = [], asyncio.Queue()
    messages.put_nowait({"type": "http.request", "body": body, "more_body": False})
    headers = [(b"host", b"testserver"), (b"content-type", content_type)]
    scope = {"type": "http", "method": method, "path": path, "query_string": b""}
    scope["headers"] = [*headers, (b"content-length", str(len(body)).encode())]

    async def send(message):
        sent.append(message)

    asyncio.run(Handler()(scope, messages.get, send))
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent)


@pytest.mark.django_db(transaction=True)
def test_a_media_type_that_cannot_be_read_is_none():
    status, body = ask("POST", "/v1/auth/token", b"{}")
    assert (status, json.loads(body)["code"]) == (415, "unsupported_media_type")
    assert ask("GET", "/healthz")[0] == 200
