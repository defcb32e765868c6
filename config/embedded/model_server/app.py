"""The routes of Ollama's HTTP API that the server knows."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from config.embedded.model_server import requests, translate
from config.embedded.model_server.bodies import read_json
from config.embedded.model_server.catalogue import MODELS
from config.embedded.model_server.describe import Description
from config.embedded.model_server.engine import Engine
from config.embedded.model_server.errors import RequestError
from config.embedded.model_server.jobs import Job
from config.embedded.model_server.reply import GenerationResponse
from config.embedded.model_server.requests import Body, Generation
from config.embedded.model_server.residents import Residents
from config.embedded.model_server.translate import Shape

#: No release of Ollama: clients that ask for a minimum should not count on more than is here.
VERSION = "0.0.0+llmconfig"

UNSUPPORTED = (
    ("/api/pull", "POST"),
    ("/api/push", "POST"),
    ("/api/create", "POST"),
    ("/api/copy", "POST"),
    ("/api/delete", "DELETE"),
    ("/api/blobs/{digest}", "POST"),
    ("/api/embed", "POST"),
    ("/api/embeddings", "POST"),
)


class Api:
    """Answers requests with one engine and the books of what counts as loaded."""

    def __init__(self, engine: Engine, description: Description) -> None:
        self._engine, self._description = engine, description
        self._residents = Residents()

    def routes(self) -> list[Route]:
        return [
            Route("/", self.alive),
            Route("/api/version", self.version),
            Route("/api/tags", self.tags),
            Route("/api/ps", self.running),
            Route("/api/show", self.show, methods=["POST"]),
            Route("/api/chat", self.chat, methods=["POST"]),
            Route("/api/generate", self.generate, methods=["POST"]),
            *(Route(path, unsupported, methods=[method]) for path, method in UNSUPPORTED),
        ]

    async def alive(self, _request: Request) -> Response:
        return PlainTextResponse("Ollama is running")

    async def version(self, _request: Request) -> Response:
        return JSONResponse({"version": VERSION})

    async def tags(self, _request: Request) -> Response:
        return JSONResponse(self._description.tags())

    async def running(self, _request: Request) -> Response:
        return JSONResponse(self._description.running(self._residents.loaded()))

    async def show(self, request: Request) -> Response:
        model = requests.read_model(await read_json(request))
        return JSONResponse(self._description.show(model))

    async def chat(self, request: Request) -> Response | GenerationResponse:
        return await self._answer(request, requests.read_chat, translate.chat_shape)

    async def generate(self, request: Request) -> Response | GenerationResponse:
        return await self._answer(request, requests.read_generate, translate.generate_shape)

    async def _answer(
        self, request: Request, read: Callable[[Body], Generation], shape: Shape
    ) -> Response | GenerationResponse:
        generation = read(await read_json(request))
        context_length = translate.context_length(generation, self._engine.context_length)
        loaded = self._residents.using(
            generation.model.name,
            keep_alive_seconds=generation.keep_alive_seconds,
            context_length=context_length,
        )
        if generation.content is None:
            return JSONResponse(self._load_or_unload(generation, shape, loaded))
        job = Job(translate.engine_request(generation), context_length=context_length)
        return GenerationResponse(self._engine, job, generation, shape, loaded)

    def _load_or_unload(
        self, generation: Generation, shape: Shape, loaded: AbstractContextManager[None]
    ) -> translate.Payload:
        if generation.keep_alive_seconds == 0:
            self._residents.unload(generation.model.name)
            return translate.last(generation, shape, "", "unload")
        with loaded:
            return translate.last(generation, shape, "", "load")


def create_app(engine: Engine, description: Description) -> Starlette:
    """The ASGI application. Every error is ``{"error": text}``, as Ollama's."""
    app = Starlette(
        routes=Api(engine, description).routes(),
        exception_handlers={
            RequestError: _refused,
            HTTPException: _no_such_route,
            ClientDisconnect: _client_gone,
            Exception: _broken,
        },
    )
    app.router.redirect_slashes = False
    return app


async def unsupported(request: Request) -> Response:
    action = request.url.path.removeprefix("/api/").partition("/")[0]
    message = (
        f"this built-in model server does not support {action}; it serves {', '.join(MODELS)} only."
        " Set OLLAMA_HOST to an Ollama server for other models"
    )
    return JSONResponse({"error": message}, HTTPStatus.NOT_IMPLEMENTED)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)  # noqa: S101 - for the type checker
    return JSONResponse({"error": error.message}, error.status)


async def _no_such_route(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker
    return JSONResponse({"error": error.detail.lower()}, error.status_code, error.headers)


async def _client_gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=HTTPStatus.BAD_REQUEST)


async def _broken(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"error": "internal server error"}, HTTPStatus.INTERNAL_SERVER_ERROR)
