"""The paths of Ollama's HTTP API that the fake serves, and what it remembers."""

import asyncio
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from llmconfig.model_names import normalise_model
from workers.testing import control
from workers.testing.behaviours import Behaviour, Missing, NoSuchPath
from workers.testing.by_name import BY_NAME, behaviour_of
from workers.testing.ollama_http.errors import RequestError
from workers.testing.one_host.host import Host
from workers.testing.one_host.options import OneHost
from workers.testing.one_host.statistics import Statistics
from workers.testing.reply import DEFAULT_CONTEXT, Exchange, Reply
from workers.testing.script import EVERY_REQUEST, Step, Steps
from workers.testing.wire import Connection, Request

VERSION = "0.99.0"
#: Older requests are forgotten, so that a fake may run for days.
LOG_LENGTH = 20_000
KEEP_ALIVE_SECONDS = 300.0
#: The last day of the calendar, for what never expires.
LAST_MOMENT = datetime(9999, 12, 31, tzinfo=UTC).timestamp()
GENERATING = frozenset({"/api/chat", "/api/generate"})


class Api:
    """Answers requests. Shared by all connections; lives on one event loop."""

    def __init__(
        self,
        *,
        models: Sequence[str] | None,
        resident: Iterable[str],
        one_host: OneHost | None = None,
    ) -> None:
        self.statistics = Statistics()
        self._one_host = one_host
        self.host: Host | None = None
        self.log: list[Exchange] = []
        self._scripts: dict[str, Steps] = {}
        #: Loaded models, with the context that each was loaded with (None: the default).
        self.resident: dict[str, int | None] = dict.fromkeys(map(normalise_model, resident))
        self._models = None if models is None else tuple(map(normalise_model, models))

    def script(self, key: str, steps: Iterable[Step | Behaviour | str]) -> None:
        """Add steps for a model, a path or every request."""
        key = key if key.startswith(("/", EVERY_REQUEST)) else normalise_model(key)
        self._scripts.setdefault(key, Steps()).add(steps)

    def begin(self) -> None:
        """Start the server's process anew, on the loop that serves."""
        if self._one_host is not None:
            self.host = Host(self._one_host, self.statistics, self.resident)

    def load(self, name: str) -> None:
        """Have a model, by its normalised name, loaded."""
        if self.host is None:
            self.resident[name] = None
        else:
            self.host.load(name)

    def unload(self, name: str) -> None:
        """Have it not loaded; one host unloads it as soon as it is idle."""
        if self.host is None:
            self.resident.pop(name, None)
        else:
            self.host.unload(name)

    def loaded(self) -> list[str]:
        """The names of the loaded models."""
        if self.host is None:
            return list(self.resident)
        return [runner.model for runner in self.host.running()]

    def set_places(self, places: int) -> None:
        """Change the places of one host. Raises ValueError in the ordinary mode."""
        if self._one_host is None:
            raise ValueError("the fake has places as one host only: FakeOllama(one_host=OneHost())")
        self._one_host = replace(self._one_host, places=places)
        if self.host is not None:
            self.host.resize(places)

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
        elif self.host is not None:
            await self._hosted(self.host, reply)
        elif self._is_load(reply):
            if await self._loaded(reply, self._peek(model)):
                await reply.done("load")
        else:
            behaviour = self._next(model)
            if await self._loaded(reply, behaviour):
                await self._behave(reply, behaviour)

    async def _hosted(self, host: Host, reply: Reply) -> None:
        """Answer as one host: what the model's behaviour does not refuse goes to the scheduler."""
        model, is_load = reply.exchange.model, self._is_load(reply)
        behaviour = self._peek(model) if is_load else self._next(model)
        reply.exchange.behaviour = type(behaviour).__name__
        name = normalise_model(model)
        if name not in self.loaded() and not await behaviour.load(reply):
            return
        try:
            await host.answer(reply, name, None if is_load else behaviour)
        except RequestError as error:
            await reply.error(error.status, error.message)

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
            "/api/ps": {"models": self._running()},
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

    def _running(self) -> list[dict[str, Any]]:
        if self.host is not None:
            return [
                _running(runner.model, runner.options.window, runner.expires_at)
                for runner in self.host.running()
            ]
        expires_at = time.time() + KEEP_ALIVE_SECONDS
        return [
            _running(name, window or DEFAULT_CONTEXT, expires_at)
            for name, window in tuple(self.resident.items())
        ]

    @staticmethod
    def _is_load(reply: Reply) -> bool:
        body = reply.exchange.body
        return not body.get("prompt") and not body.get("messages")


def _running(name: str, window: int, expires_at: float) -> dict[str, Any]:
    moment = datetime.fromtimestamp(min(expires_at, LAST_MOMENT), UTC).isoformat()
    return {**_described(name), "expires_at": moment, "context_length": window}


def _described(name: str) -> dict[str, Any]:
    details = {"format": "gguf", "family": "fake", "parameter_size": "1B"}
    return {"name": name, "model": name, "size": 1_000_000, "digest": "0" * 64, "details": details}


def _shown(name: str) -> dict[str, Any]:
    return {
        "details": _described(name)["details"],
        "model_info": {"general.architecture": "fake", "fake.context_length": DEFAULT_CONTEXT},
        "capabilities": ["embedding" if name.startswith("embed") else "completion"],
    }
