"""Answers generations as one host does: load, window, place, tokens at their pace."""

import time
from collections.abc import Iterable

from workers.testing.behaviours import Behaviour, Ok
from workers.testing.ollama_http.durations import keep_alive_seconds
from workers.testing.one_host import window
from workers.testing.one_host.generation import generate
from workers.testing.one_host.options import OneHost
from workers.testing.one_host.runner import LoadOptions, Runner, load_options
from workers.testing.one_host.scheduler import Scheduler
from workers.testing.one_host.statistics import Statistics
from workers.testing.reply import Reply
from workers.testing.timing import Timing


class Host:
    """One run of the server: nothing is loaded when it begins but ``resident``."""

    def __init__(self, options: OneHost, statistics: Statistics, resident: Iterable[str]) -> None:
        self._options = options
        self._statistics = statistics
        self._scheduler = Scheduler(options, statistics)
        for model in resident:
            self.load(model)

    def running(self) -> list[Runner]:
        """The loaded models, and those that are being loaded."""
        return list(self._scheduler.loaded.values())

    def load(self, model: str) -> None:
        """Have a model loaded at once."""
        if model not in self._scheduler.loaded:
            self._scheduler.put(model, LoadOptions(window=self._options.context_length))

    def unload(self, model: str) -> None:
        """Unload a model as soon as it is idle."""
        self._scheduler.expire(model)

    def resize(self, places: int) -> None:
        self._scheduler.resize(places)

    async def answer(self, reply: Reply, model: str, behaviour: Behaviour | None) -> None:
        """Load, unload or generate. ``model``: its normalised name; no behaviour: load only.

        Any behaviour but a plain good answer acts in the request's place. Raises RequestError.
        """
        keep_alive = keep_alive_seconds(reply.exchange.body)
        if behaviour is None and keep_alive == 0:
            self.unload(model)
            await reply.done("unload")
            return
        statistics = self._statistics[model]
        reply.timing = Timing()
        asked = load_options(
            reply.exchange.body,
            default=self._options.context_length,
            longest=self._options.longest_context,
        )
        with statistics.opened():
            async with self._scheduler.using(model, asked, keep_alive) as runner:
                reply.timing.loaded()
                if behaviour is None:
                    await reply.done("load")
                else:
                    await self._in_place(reply, runner, behaviour)

    async def _in_place(self, reply: Reply, runner: Runner, behaviour: Behaviour) -> None:
        statistics = self._statistics[runner.model]
        await runner.places.take()
        began = time.monotonic()
        try:
            with statistics.served():
                if reply.timing is not None:
                    reply.timing.served()
                prompt = window.fit(reply.exchange.body, runner.options.window, statistics)
                if behaviour == Ok():
                    pace = self._options.pace_of(runner.model, reply.exchange.body)
                    await generate(reply, pace, prompt)
                else:
                    await behaviour.answer(reply)
            statistics.answers += 1
        finally:
            statistics.generation_seconds += time.monotonic() - began
            runner.places.give_back()
