"""The paths of Ollama's HTTP API that the fake serves, and what it remembers."""

import asyncio
import json
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from llmconfig.model_names import normalise_model
from workers.testing import control
from workers.testing.behaviours import Behaviour, Missing, NoSuchPath
from workers.testing.by_name import BY_NAME, behaviour_of
from workers.testing.reply import DEFAULT_CONTEXT, Exchange, Reply
from workers.testing.script import EVERY_REQUEST, Step, Steps
from workers.testing.wire import Connection, Request

VERSION = "0.99.0"
#: Older requests are forgotten, so that a fake may run for days.
LOG_LENGTH = 20_000
GENERATING = frozenset({"/api/chat", "/api/generate"})


class Api:
    """Answers requests. Shared by all connections; lives on one event loop."""

    def __init__(self, *, models: Sequence[str] | None, resident: Iterable[str]) -> None:
        self.log: list[Exchange] = []
        self._scripts: dict[str, Steps] = {}
        #: Loaded models, with the context that each was loaded with (None: the default).
        self.resident: dict[str, int | None] = dict.fromkeys(map(normalise_model, resident))
        self._models = None if models is None else tuple(map(normalise_model, models))

    def script(self, key: str, steps: Iterable[Step | Behaviour | str]) -> None:
        """Add steps for a model, a path or every request."""
        key = key if key.startswith(("/", EVERY_REQUEST)) else normalise_model(key)
        self._scripts.setdefault(key, Steps()).add(steps)

    async def serve(self, connection: Connection) -> None:
        """Answer one client's requests until it leaves or a behaviour closes its connection."""
        while not connection.closing and (request := await connection.request()):
            await self._watched(connection, request)

    async def _watched(self, connection: Connection, request: Request) -> None:
        if request.path.startswith(control.PREFIX):
            await control.answer(self, connection, request)
            return
        model = str(request.body.get("model", ""))
        exchange = Exchange(request, model, "")
        self.log.append(exchange)
        del self.log[:-LOG_LENGTH]
        work = asyncio.create_task(self._answer(Reply(connection, exchange)))
        gone = asyncio.create_task(connection.gone())
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            exchange.client_closed = not work.done()
            exchange.ended_at = time.monotonic()
        finally:
            for task in (work, gone):
                task.cancel()
            await asyncio.wait({work, gone})
        if work.cancelled():
            connection.closing = True
        elif isinstance(work.exception(), ConnectionError):
            exchange.client_closed = connection.closing = True
        else:
            work.result()

    async def _answer(self, reply: Reply) -> None:
        path, model = reply.exchange.path, reply.exchange.model
        if scripted := self._take(EVERY_REQUEST) or self._take(path):
            await self._behave(reply, scripted)
        elif path not in GENERATING:
            await self._inform(reply, path)
        elif self._is_load(reply):
            if await self._loaded(reply, self._peek(model)):
                await reply.done("load")
        else:
            behaviour = self._next(model)
            if await self._loaded(reply, behaviour):
                await self._behave(reply, behaviour)

    async def _behave(self, reply: Reply, behaviour: Behaviour) -> None:
        reply.exchange.behaviour = type(behaviour).__name__
        await behaviour.answer(reply)

    async def _loaded(self, reply: Reply, behaviour: Behaviour) -> bool:
        """Load the model if need be, as Ollama does before any generation."""
        name, window = normalise_model(reply.exchange.model), reply.stated_window
        if name in self.resident and self.resident[name] == window:
            return True
        reply.exchange.behaviour = f"{type(behaviour).__name__}.load"
        if await behaviour.load(reply):
            self.resident[name] = window
            return True
        return False

    async def _inform(self, reply: Reply, path: str) -> None:
        answers = {
            "/": "Ollama is running",
            "/api/version": {"version": VERSION},
            "/api/tags": {"models": [_described(name) for name in self._names()]},
            "/api/ps": {"models": [self._running(name) for name in tuple(self.resident)]},
            "/api/show": _shown(reply.exchange.model),
        }
        known = path != "/api/show" or not isinstance(self._peek(reply.exchange.model), Missing)
        if not known:
            await reply.error(404, "model not found")
        elif path in answers:
            await reply.connection.respond(200, json.dumps(answers[path]).encode())
        else:
            await NoSuchPath().answer(reply)

    def _take(self, key: str) -> Behaviour | None:
        return self._scripts[key].take() if key in self._scripts else None

    def _next(self, model: str) -> Behaviour:
        return self._take(normalise_model(model)) or self._named(model)

    def _peek(self, model: str) -> Behaviour:
        steps = self._scripts.get(normalise_model(model))
        return (steps.peek() if steps else None) or self._named(model)

    def _named(self, model: str) -> Behaviour:
        exists = self._models is None or normalise_model(model) in self._models
        return behaviour_of(model) if exists else Missing()

    def _names(self) -> Sequence[str]:
        if self._models is not None:
            return self._models
        return [f"{word}:1" for word in BY_NAME if word not in ("missing", "http")]

    def _running(self, name: str) -> dict[str, Any]:
        expires = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
        window = self.resident[name] or DEFAULT_CONTEXT
        return {**_described(name), "expires_at": expires, "context_length": window}

    @staticmethod
    def _is_load(reply: Reply) -> bool:
        body = reply.exchange.body
        return not body.get("prompt") and not body.get("messages")


def _described(name: str) -> dict[str, Any]:
    details = {"format": "gguf", "family": "fake", "parameter_size": "1B"}
    return {"name": name, "model": name, "size": 1_000_000, "digest": "0" * 64, "details": details}


def _shown(name: str) -> dict[str, Any]:
    return {
        "details": _described(name)["details"],
        "model_info": {"general.architecture": "fake", "fake.context_length": DEFAULT_CONTEXT},
        "capabilities": ["embedding" if name.startswith("embed") else "completion"],
    }
