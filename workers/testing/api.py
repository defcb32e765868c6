"""The fake's requests: logged, scripted, or answered by the front as Ollama does."""

import time
from collections.abc import Awaitable

from workers.testing import control
from workers.testing.behaviours import Behaviour, Missing
from workers.testing.fake_models import FakeModels
from workers.testing.ollama_http import generations, names, requests
from workers.testing.ollama_http.connection import Connection, Request
from workers.testing.ollama_http.errors import RequestError
from workers.testing.ollama_http.front import Front
from workers.testing.ollama_http.requests import Generation
from workers.testing.ollama_http.server import until_gone
from workers.testing.reply import Exchange, Reply
from workers.testing.script import EVERY_REQUEST, Scripts

#: Older requests are forgotten, so that a fake may run for days.
LOG_LENGTH = 20_000


class Api:
    """Answers requests. Shared by all connections; lives on one event loop."""

    def __init__(self, models: FakeModels, scripts: Scripts) -> None:
        self.log: list[Exchange] = []
        self.models = models
        self.scripts = scripts
        self._front = Front(models, reply=self._reply)
        self._present: dict[Connection, Exchange] = {}

    async def answer(self, connection: Connection, request: Request) -> None:
        """Answer one request, or drop it when its client leaves."""
        if request.path.startswith(control.PREFIX):
            await control.answer(self, connection, request)
            return
        exchange = Exchange(request, str(request.body.get("model", "")), "")
        self.log.append(exchange)
        del self.log[:-LOG_LENGTH]
        self._present[connection] = exchange
        try:
            done = await until_gone(connection, self._answered(connection, exchange))
            exchange.client_closed = not done
        finally:
            exchange.ended_at = time.monotonic()
            del self._present[connection]

    def _answered(self, connection: Connection, exchange: Exchange) -> Awaitable[None]:
        path = exchange.path
        if scripted := self.scripts.take(EVERY_REQUEST) or self.scripts.take(path):
            return self._behave(connection, exchange, scripted)
        if path == "/api/show" and self._is_scripted_missing(exchange.model):
            return connection.refuse(generations.not_found(exchange.model))
        return self._front.answer(connection, exchange.request)

    async def _behave(
        self, connection: Connection, exchange: Exchange, behaviour: Behaviour
    ) -> None:
        exchange.behaviour = type(behaviour).__name__
        generation = _best_effort(exchange)
        await behaviour.answer(Reply(connection, generation, exchange))

    def _is_scripted_missing(self, model: str) -> bool:
        return isinstance(self.scripts.peek(names.key(model)), Missing)

    def _reply(self, connection: Connection, generation: Generation) -> Reply:
        return Reply(connection, generation, self._present[connection])


def _best_effort(exchange: Exchange) -> Generation:
    """The request as a generation, for a script that answers it whatever it asks for."""
    is_chat = exchange.path != "/api/generate"
    read = requests.read_chat if is_chat else requests.read_generate
    try:
        generation = read(exchange.request.content)
        _ = generation.typed_options
    except RequestError:
        return Generation(is_chat=is_chat, model=exchange.model)
    return generation
