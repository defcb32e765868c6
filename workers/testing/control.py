"""Paths of the fake itself, for tests in other processes and for a look by hand.

``GET /fake/log`` tells what it was asked, ``PUT /fake/script`` adds a script (see `script_file`).
Of one host, ``GET /fake/statistics`` has the figures by model, ``DELETE`` begins them anew, and
``PUT /fake/places`` with ``{"places": 4}`` changes its places. None is logged.
"""

import json
from dataclasses import asdict
from typing import Any, Protocol

from workers.testing.fake_models import FakeModels
from workers.testing.ollama_http.connection import Connection, Request
from workers.testing.reply import Exchange
from workers.testing.script import Scripts
from workers.testing.script_file import ScriptInvalid, parse

PREFIX = "/fake/"
ACCEPTED = (
    "GET /fake/log, PUT /fake/script, GET /fake/statistics, DELETE /fake/statistics,"
    " PUT /fake/places"
)


class Controlled(Protocol):
    """What a fake offers here."""

    log: list[Exchange]
    models: FakeModels
    scripts: Scripts


async def answer(fake: Controlled, connection: Connection, request: Request) -> None:
    """Answer one request under ``/fake/``."""
    match request.method, request.path:
        case "GET", "/fake/log":
            await _respond(connection, 200, [_exchange_json(exchange) for exchange in fake.log])
        case "PUT", "/fake/script":
            await _script(fake, connection, request)
        case "GET", "/fake/statistics":
            figures = {
                model: asdict(of_model) for model, of_model in fake.models.statistics.items()
            }
            await _respond(connection, 200, figures)
        case "DELETE", "/fake/statistics":
            fake.models.statistics.reset()
            await _respond(connection, 200, {})
        case "PUT", "/fake/places":
            await _places(fake, connection, request)
        case _:
            accepted = f"accepted: {ACCEPTED}"
            await _respond(connection, 404, {"error": accepted})


async def _script(fake: Controlled, connection: Connection, request: Request) -> None:
    try:
        script = parse(json.dumps(request.body))
    except ScriptInvalid as error:
        await _respond(connection, 400, {"error": str(error)})
        return
    for key, steps in script.steps.items():
        fake.scripts.add(key, steps)
    await _respond(connection, 200, {})


async def _places(fake: Controlled, connection: Connection, request: Request) -> None:
    places = request.body.get("places")
    try:
        if type(places) is not int or places < 1:
            raise ValueError("places must be a whole number from 1")
        fake.models.set_places(places)
    except ValueError as error:
        await _respond(connection, 400, {"error": str(error)})
        return
    await _respond(connection, 200, {})


async def _respond(connection: Connection, status: int, body: Any) -> None:
    await connection.respond(status, json.dumps(body).encode())


def _exchange_json(exchange: Exchange) -> dict[str, Any]:
    return {
        "path": exchange.path,
        "model": exchange.model,
        "behaviour": exchange.behaviour,
        "at": exchange.at.isoformat(),
        "seconds": exchange.seconds,
        "client_closed": exchange.client_closed,
        "tokens_sent": exchange.tokens_sent,
        "body": dict(exchange.body),
    }
