"""Requests that Django's own ASGI handler would fail on."""

import asyncio
import json

import pytest

from config.handler import Handler

#: A charset that there is not; parts of which some are numbered.
UNREADABLE = [b"application/json; a*=no-charset''%ff", b"application/json; a*=b; a*1=c"]


def ask(method, path, body=b"", **headers):
    """The status, and the body of the answer."""
    sent, messages = [], asyncio.Queue()
    messages.put_nowait({"type": "http.request", "body": body, "more_body": False})
    told = {"host": b"testserver", "content-length": str(len(body)).encode(), **headers}
    scope = {"type": "http", "method": method, "path": path, "query_string": b""}
    scope["headers"] = [(name.replace("_", "-").encode(), value) for name, value in told.items()]

    async def send(message):
        sent.append(message)

    asyncio.run(Handler()(scope, messages.get, send))
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent)


@pytest.mark.parametrize("unreadable", UNREADABLE)
@pytest.mark.django_db(transaction=True)
def test_a_media_type_that_cannot_be_read_is_none(unreadable):
    status, body = ask("POST", "/v1/auth/token", b"{}", content_type=unreadable)
    assert (status, json.loads(body)["code"]) == (415, "unsupported_media_type")
    assert ask("GET", "/healthz", content_type=unreadable)[0] == 200


@pytest.mark.parametrize("unreadable", UNREADABLE)
@pytest.mark.django_db(transaction=True)
def test_where_what_is_accepted_cannot_be_read_nothing_is_acceptable(unreadable):
    status, body = ask("GET", "/v1/status", accept=unreadable)
    assert (status, json.loads(body)["code"]) == (406, "not_acceptable")
