"""Generates with the engine behind the HTTP front."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from devstack.model_server import prompts, sampling
from devstack.model_server.catalogue import MODELS
from devstack.model_server.engine import Engine
from devstack.model_server.errors import JobCancelled
from devstack.model_server.jobs import Job
from devstack.model_server.prompts import Prompt
from devstack.model_server.residents import Residents
from devstack.model_server.schema_guard import check_schema
from devstack.model_server.tally import Tally, ollama_logprobs
from devstack.model_server.tokenizer import Tokenizer
from workers.testing.ollama_http import schemas, window
from workers.testing.ollama_http.errors import RequestError
from workers.testing.ollama_http.models import Card, Running
from workers.testing.ollama_http.options import Options
from workers.testing.ollama_http.reply import Reply
from workers.testing.ollama_http.requests import Generation

#: No release of Ollama: clients that ask for a minimum should not count on more than is here.
VERSION = "0.0.0+llmconfig"


class EmbeddedModels:
    """One engine, its names, and the books of what counts as loaded."""

    version = VERSION

    def __init__(self, engine: Engine, tokenizer: Tokenizer, cards: Mapping[str, Card]) -> None:
        self._engine, self._tokenizer, self._cards = engine, tokenizer, cards
        self._residents = Residents()

    def cards(self) -> Sequence[Card]:
        return list(self._cards.values())

    def running(self) -> Sequence[Running]:
        return [
            Running(
                card=self._cards[resident.name],
                context_length=resident.context_length,
                expires_at=resident.expires_at,
            )
            for resident in self._residents.loaded()
        ]

    def card(self, name: str) -> Card | None:
        return self._cards.get(name)

    async def unload(self, card: Card) -> None:
        self._residents.unload(card.name)

    async def load(self, card: Card, generation: Generation, reply: Reply) -> None:
        with self._residents.using(card.name, generation.keep_alive, self._window(generation)):
            await reply.without_generation("load")

    async def generate(self, card: Card, generation: Generation, reply: Reply) -> None:
        began = time.perf_counter_ns()
        schema = schemas.checked(generation.format)
        if isinstance(schema, dict):
            check_schema(schema)
        length = self._window(generation)
        with self._residents.using(card.name, generation.keep_alive, length):
            options = {**MODELS[card.name].parameters, **generation.typed_options}
            # Of a long prompt this takes seconds, in which the server must answer others.
            prompt = await asyncio.to_thread(self._prompt, generation, options, length)
            limit = sampling.answer_limit(
                generation,
                options,
                prompt=len(prompt.ids),
                window=length,
                available=self._engine.context_length,
            )
            job = Job(sampling.engine_request(prompt, generation, options, limit=limit))
            await self._answer(job, reply, prompt.ids, began)

    def _window(self, generation: Generation) -> int:
        available = self._engine.context_length
        stated = generation.typed_options.get("num_ctx")
        return window.window(stated, default=available, longest=available)

    def _prompt(self, generation: Generation, options: Options, length: int) -> Prompt:
        """The prompt, cut where it does not fit. Raises RequestError."""
        prompt = prompts.whole(self._tokenizer, generation)
        if len(prompt.ids) < length:
            return prompt
        if not generation.truncate:
            raise window.too_long(len(prompt.ids), length)
        return prompts.cut(prompt, length, options.get("num_keep"))

    async def _answer(self, job: Job, reply: Reply, prompt: Sequence[int], began: int) -> None:
        tally, texts = Tally(), []
        self._engine.submit(job)
        try:
            async for chunk in job.chunks():
                text, likely = tally.add(chunk)
                if text:
                    texts.append(text)
                    await reply.token(text, self._logprobs(reply.generation, likely))
        except JobCancelled:
            return
        finally:
            job.cancel()
        if not tally.finish_reason:
            raise RequestError("the engine ended early", HTTPStatus.INTERNAL_SERVER_ERROR)
        metrics = tally.metrics(
            total_nanoseconds=time.perf_counter_ns() - began,
            load_nanoseconds=job.created - began,
        )
        context = self._context(reply.generation, prompt, "".join(texts))
        await reply.finish(tally.finish_reason, metrics, context=context)

    @staticmethod
    def _logprobs(
        generation: Generation, likely: Sequence[Mapping[str, Any]]
    ) -> list[Mapping[str, Any]]:
        return ollama_logprobs(likely, generation.top_logprobs) if generation.logprobs else []

    def _context(self, generation: Generation, prompt: Sequence[int], text: str) -> list[int]:
        """What a next prompt may continue: this one with its answer."""
        if generation.is_chat or generation.raw:
            return []
        return [*prompt, *self._tokenizer.ids(text)]
