"""The routes of Ollama's HTTP API: answers every request as Ollama does, for any `Models`."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from workers.testing.ollama_http import generations, listings, names
from workers.testing.ollama_http.connection import TEXT, Connection, Request
from workers.testing.ollama_http.errors import RequestError
from workers.testing.ollama_http.models import Models
from workers.testing.ollama_http.reply import Reply
from workers.testing.ollama_http.requests import (
    Generation,
    Show,
    read_chat,
    read_generate,
    read_show,
)

MakeReply = Callable[[Connection, Generation], Reply]
_Answer = Callable[[Connection, Request], Awaitable[None]]

#: What manages models, by path and method: no part of what our servers are for.
UNSUPPORTED = {
    "/api/copy": "POST",
    "/api/create": "POST",
    "/api/delete": "DELETE",
    "/api/embed": "POST",
    "/api/embeddings": "POST",
    "/api/pull": "POST",
    "/api/push": "POST",
}
_HTML = "text/html; charset=utf-8"


class Front:
    """The HTTP side of a server. ``reply``: makes what a generation is written with."""

    def __init__(self, models: Models, *, reply: MakeReply = Reply) -> None:
        self._models = models
        self._reply = reply
        self._routes: dict[str, dict[str, _Answer]] = {
            "/": dict.fromkeys(("GET", "HEAD"), self._alive),
            "/api/version": dict.fromkeys(("GET", "HEAD"), self._version),
            "/api/tags": dict.fromkeys(("GET", "HEAD"), self._tags),
            "/api/ps": {"GET": self._running},
            "/api/show": {"POST": self._show},
            "/api/chat": {"POST": self._chat},
            "/api/generate": {"POST": self._generate},
            **{path: {method: self._unsupported} for path, method in UNSUPPORTED.items()},
        }

    async def answer(self, connection: Connection, request: Request) -> None:
        """Answer one request."""
        methods = self._routes.get(request.path)
        if methods is None:
            await self._no_route(connection, request)
        elif request.method not in methods:
            allowed = {"Content-Type": TEXT, "Allow": ", ".join(methods)}
            await connection.respond(405, b"405 method not allowed", allowed)
        else:
            try:
                await methods[request.method](connection, request)
            except RequestError as error:
                await connection.refuse(error)

    async def _no_route(self, connection: Connection, request: Request) -> None:
        path = request.path.rstrip("/")
        if request.method not in self._routes.get(path, {}):
            await connection.respond(404, b"404 page not found", {"Content-Type": TEXT})
        elif request.method in ("GET", "HEAD"):
            page = f'<a href="{path}">Moved Permanently</a>.\n\n'.encode()
            await connection.respond(301, page, {"Content-Type": _HTML, "Location": path})
        else:
            await connection.respond(307, b"", {"Location": path})

    async def _alive(self, connection: Connection, _request: Request) -> None:
        await connection.respond(200, b"Ollama is running", {"Content-Type": TEXT})

    async def _version(self, connection: Connection, _request: Request) -> None:
        await _respond(connection, {"version": self._models.version})

    async def _tags(self, connection: Connection, _request: Request) -> None:
        await _respond(connection, listings.tags(self._models.cards()))

    async def _running(self, connection: Connection, _request: Request) -> None:
        await _respond(connection, listings.running(self._models.running()))

    async def _show(self, connection: Connection, request: Request) -> None:
        show: Show = read_show(request.content)
        name = show.model or show.name
        if not name:
            raise RequestError("model is required")
        if names.parse(name) is None:
            raise RequestError("invalid model name")
        card = self._models.card(names.key(name))
        if card is None:
            raise generations.not_found(name)
        await _respond(connection, listings.show(card, verbose=show.verbose))

    async def _chat(self, connection: Connection, request: Request) -> None:
        await self._generation(connection, read_chat(request.content))

    async def _generate(self, connection: Connection, request: Request) -> None:
        await self._generation(connection, read_generate(request.content))

    async def _generation(self, connection: Connection, generation: Generation) -> None:
        reply = self._reply(connection, generation)
        try:
            await generations.answer(self._models, generation, reply)
        except RequestError as error:
            await reply.refuse(error)

    async def _unsupported(self, _connection: Connection, request: Request) -> None:
        action = request.path.removeprefix("/api/")
        message = (
            f"this server does not support {action}; it stands in for an Ollama with a fixed set of"
            " models. Set OLLAMA_HOST to an Ollama server for others"
        )
        raise RequestError(message, HTTPStatus.NOT_IMPLEMENTED)


async def _respond(connection: Connection, body: Any) -> None:
    await connection.respond(200, json.dumps(body).encode())
