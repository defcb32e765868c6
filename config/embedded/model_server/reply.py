"""Sends a job's answer: lines of JSON as they come, or one JSON object at the end."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, aclosing, suppress
from http import HTTPStatus

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from config.embedded.model_server.engine import Engine
from config.embedded.model_server.errors import JobCancelled, RequestError
from config.embedded.model_server.jobs import Job
from config.embedded.model_server.requests import Generation
from config.embedded.model_server.translate import Payload, Shape, Tally, last, part

NDJSON = [(b"content-type", b"application/x-ndjson")]


class GenerationResponse:
    """Queues ``job`` when it is sent, and cancels it when the client goes away.

    ``loaded`` surrounds the generation. As with Ollama, the status waits for the first token, so
    that what fails before it has a status of its own; what fails later is a last line with
    ``error``.
    """

    def __init__(
        self,
        engine: Engine,
        job: Job,
        generation: Generation,
        shape: Shape,
        loaded: AbstractContextManager[None],
    ) -> None:
        self._engine, self._job = engine, job
        self._generation, self._shape, self._loaded = generation, shape, loaded
        self._tally = Tally()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._engine.submit(self._job)
        watcher = asyncio.create_task(self._watch(receive))
        try:
            with self._loaded, suppress(JobCancelled):
                if self._generation.stream:
                    await self._stream(send)
                else:
                    await JSONResponse(await self._whole())(scope, receive, send)
        finally:
            watcher.cancel()
            self._job.cancel()

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._job.cancel()

    async def _whole(self) -> Payload:
        texts = [self._tally.add(chunk) async for chunk in self._job.chunks()]
        return self._last("".join(texts))

    async def _stream(self, send: Send) -> None:
        async with aclosing(self._lines()) as lines:
            first = await anext(lines)
            await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": NDJSON})
            await _send(send, first)
            try:
                async for line in lines:
                    await _send(send, line)
            except RequestError as error:
                await _send(send, {"error": error.message})
        await send({"type": "http.response.body", "body": b""})

    async def _lines(self) -> AsyncGenerator[Payload]:
        async for chunk in self._job.chunks():
            if text := self._tally.add(chunk):
                yield part(self._generation, self._shape, text)
        yield self._last("")

    def _last(self, text: str) -> Payload:
        reason = self._tally.finish_reason
        if not reason:
            raise RequestError("the engine ended early", HTTPStatus.INTERNAL_SERVER_ERROR)
        metrics = self._tally.metrics(
            total_nanoseconds=time.perf_counter_ns() - self._job.created,
            load_nanoseconds=self._job.started - self._job.created,
        )
        return last(self._generation, self._shape, text, reason) | metrics


async def _send(send: Send, line: Payload) -> None:
    body = json.dumps(line, ensure_ascii=False).encode() + b"\n"
    await send({"type": "http.response.body", "body": body, "more_body": True})
