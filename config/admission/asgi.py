"""The wrapper around Django: read the body, wait for a place, ask, and then send the answer.

A client that sends or reads slowly holds no place, nor does one that left while it waited. Once
Django works on a request it is worked on to its end, whether or not the client is still there: its
thread could not be stopped, and its place is free only when the thread is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from config.admission.answers import Answer, Answers, Send
from config.admission.bodies import (
    Bodies,
    Full,
    Gone,
    Message,
    Receive,
    TooLarge,
    TooSlow,
    measured,
)
from config.admission.places import NoPlace, Places
from config.admission.refusals import refusal
from config.admission.shares import SHARES, Kind, Share, kind_of

Scope = MutableMapping[str, Any]
Application = Callable[[Any, Any, Any], Awaitable[None]]

#: Of each share.
WAITING_MOST = 1000
BODY_SECONDS = 30
#: For each 64 KB of an answer, as Django sends it.
ANSWER_SECONDS = 30
#: All bodies that wait at one time; and all answers that are on their way.
TOGETHER_BYTES = 64 * 1024 * 1024

STATUSES = {
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooSlow: HTTPStatus.REQUEST_TIMEOUT,
    Full: HTTPStatus.SERVICE_UNAVAILABLE,
    NoPlace: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Admission:
    """An ASGI application around another one."""

    def __init__(
        self,
        application: Application,
        *,
        body_bytes: int,
        shares: Mapping[Kind, Share] = SHARES,
        waiting_most: int = WAITING_MOST,
        body_seconds: float = BODY_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        together_bytes: int = TOGETHER_BYTES,
    ) -> None:
        self._application = application
        self._places = {
            kind: Places(share.at_once, waiting_most=waiting_most, wait_seconds=share.wait_seconds)
            for kind, share in shares.items()
        }
        self._bodies = Bodies(
            most_bytes=body_bytes, together_bytes=together_bytes, seconds=body_seconds
        )
        self._answers, self._answer_seconds = Answers(together_bytes), answer_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        kind = kind_of(scope)
        places = None if kind is None else self._places[kind]
        try:
            body = await self._bodies.read(scope["headers"], receive)
            try:
                if places is not None:
                    await _take(places, receive)
            finally:
                self._bodies.release(body)
        except Gone:
            return
        except tuple(STATUSES) as error:
            for message in refusal(STATUSES[type(error)]):
                await send(message)
            return
        await self._answer(scope, body, send, places)

    async def _answer(self, scope: Scope, body: bytes, send: Send, places: Places | None) -> None:
        answer = Answer(send, self._answer_seconds)
        try:
            await self._work(scope, body, answer, places)
            with self._answers.kept(answer.size):
                await answer.sent()
        finally:
            answer.give_up()

    async def _work(self, scope: Scope, body: bytes, answer: Answer, places: Places | None) -> None:
        """Return when the place is free again."""
        try:
            measured_scope = {**scope, "headers": measured(scope["headers"], body)}
            await self._application(measured_scope, _receive_body(body), answer.take)
            if not self._answers.has_room(answer.size):
                await answer.sent()
        finally:
            if places is not None:
                places.release()


async def _take(places: Places, receive: Receive) -> None:
    """Raises ``NoPlace``, and ``Gone`` where the client left before it was its turn."""
    if places.take_free():
        return
    place = asyncio.ensure_future(places.take())
    gone = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait({place, gone}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        await _give_up(places, place)
        raise
    finally:
        gone.cancel()
    if not place.done():
        await _give_up(places, place)
        raise Gone
    place.result()


async def _give_up(places: Places, place: "asyncio.Future[None]") -> None:
    place.cancel()
    with suppress(asyncio.CancelledError, NoPlace):
        await place
        places.release()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _receive_body(body: bytes) -> Receive:
    """The body, and then nothing: not even that the client left."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    return receive
