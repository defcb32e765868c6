"""Answers generations as one host does: load, place, window, tokens at their pace."""

import time
from collections.abc import Iterable, Sequence

from workers.testing.behaviours import Behaviour, Ok
from workers.testing.fake_models import FakeModels, fake_reply
from workers.testing.ollama_http import names, reply
from workers.testing.ollama_http.models import Card, Running
from workers.testing.ollama_http.requests import Generation
from workers.testing.ollama_http.timing import Timing
from workers.testing.one_host.generation import generate
from workers.testing.one_host.options import OneHost
from workers.testing.one_host.runner import LoadOptions, Runner, load_options
from workers.testing.one_host.scheduler import Scheduler
from workers.testing.reply import Reply
from workers.testing.script import Scripts


class HostModels(FakeModels):
    """The models of one host. Any behaviour but a plain good answer acts in its request's place."""

    def __init__(
        self,
        scripts: Scripts,
        options: OneHost,
        *,
        models: Sequence[str] | None,
        resident: Iterable[str],
    ) -> None:
        super().__init__(scripts, models=models, resident=())
        self.trained_length = options.longest_context
        self._options = options
        self._at_start = tuple(map(names.key, resident))
        self._scheduler = Scheduler(options, self._statistics)

    def begin(self) -> None:
        self._scheduler = Scheduler(self._options, self._statistics)
        for name in self._at_start:
            self.put(name)

    def running(self) -> Sequence[Running]:
        return [
            Running(
                card=self.described(runner.model),
                context_length=runner.options.window,
                expires_at=runner.expires_at,
            )
            for runner in self._scheduler.loaded.values()
        ]

    def put(self, name: str) -> None:
        if name not in self._scheduler.loaded:
            self._scheduler.put(name, LoadOptions(window=self._options.context_length))

    def drop(self, name: str) -> None:
        self._scheduler.expire(name)

    def loaded(self) -> list[str]:
        return list(self._scheduler.loaded)

    def set_places(self, places: int) -> None:
        self._options = self._scheduler.resize(places)

    async def load(self, card: Card, generation: Generation, answer: reply.Reply) -> None:
        fake, behaviour = fake_reply(answer), self.peek(card.name)
        if await self._may_load(card, fake, behaviour):
            asked = load_options(generation, self._options)
            with self._statistics[card.name].opened():
                async with self._scheduler.using(card.name, asked, generation.keep_alive):
                    await fake.without_generation("load")

    async def generate(self, card: Card, generation: Generation, answer: reply.Reply) -> None:
        fake, behaviour = fake_reply(answer), self.take(card.name)
        if not await self._may_load(card, fake, behaviour):
            return
        fake.timing = timing = Timing()
        asked = load_options(generation, self._options)
        with self._statistics[card.name].opened():
            async with self._scheduler.using(card.name, asked, generation.keep_alive) as runner:
                timing.loaded()
                fake.thinks = "thinking" in card.capabilities and generation.asks_to_think
                fake.loaded_window = runner.options.window
                await runner.places.take()
                try:
                    timing.served()
                    await self._in_place(fake, timing, runner, behaviour)
                finally:
                    runner.places.give_back()

    async def _in_place(
        self, fake: Reply, timing: Timing, runner: Runner, behaviour: Behaviour
    ) -> None:
        statistics = self._statistics[runner.model]
        began = time.monotonic()
        try:
            with statistics.served():
                self._check_window(fake, runner)
                if behaviour == Ok():
                    pace = self._options.pace_of(runner.model, fake.exchange.body)
                    await generate(fake, timing, pace)
                else:
                    await behaviour.answer(fake)
            statistics.answers += 1
        finally:
            statistics.generation_seconds += time.monotonic() - began

    def _check_window(self, fake: Reply, runner: Runner) -> None:
        if not fake.is_too_long():
            return
        statistics = self._statistics[runner.model]
        if fake.generation.truncate or not self._options.honours_truncate:
            statistics.cut_prompts += 1
        else:
            statistics.refused_prompts += 1
            fake.check_window()

    async def _may_load(self, card: Card, fake: Reply, behaviour: Behaviour) -> bool:
        """False where the behaviour refused to load the model."""
        fake.exchange.behaviour = type(behaviour).__name__
        return card.name in self._scheduler.loaded or await behaviour.load(fake)
