"""The fake's models: which names exist, what is loaded, and the behaviour that answers."""

import time
from collections.abc import Iterable, Sequence

from workers.testing import cards
from workers.testing.behaviours import Behaviour, Missing, Ok
from workers.testing.by_name import BY_NAME, behaviour_of
from workers.testing.ollama_http import names, reply
from workers.testing.ollama_http.models import Card, Running
from workers.testing.ollama_http.requests import Generation
from workers.testing.one_host.statistics import Statistics
from workers.testing.reply import DEFAULT_CONTEXT, Reply
from workers.testing.script import Scripts

VERSION = "0.99.0"
KEEP_ALIVE_SECONDS = 300.0


class FakeModels:
    """Answers every request at once: places, loads and evictions have no part in it.

    ``models``: the names that exist (None: every name but ``missing``).
    """

    version = VERSION
    #: What the models are said to be trained for. A larger ``num_ctx`` is granted all the same.
    trained_length = DEFAULT_CONTEXT

    def __init__(
        self, scripts: Scripts, *, models: Sequence[str] | None, resident: Iterable[str]
    ) -> None:
        self._scripts = scripts
        self._models = None if models is None else tuple(map(names.key, models))
        self._statistics = Statistics()
        #: Loaded models, with the window that each was loaded with.
        self._resident = dict.fromkeys(map(names.key, resident), DEFAULT_CONTEXT)

    def cards(self) -> Sequence[Card]:
        return [self.described(name) for name in self._names()]

    def running(self) -> Sequence[Running]:
        expires_at = time.time() + KEEP_ALIVE_SECONDS
        return [
            Running(card=self.described(name), context_length=length, expires_at=expires_at)
            for name, length in self._resident.items()
        ]

    def described(self, name: str) -> Card:
        return cards.card(name, self.trained_length)

    def card(self, name: str) -> Card | None:
        return None if isinstance(self.named(name), Missing) else self.described(name)

    def named(self, name: str) -> Behaviour:
        """The behaviour that a model's name asks for, where nothing is scripted."""
        exists = self._models is None or name in self._models
        return behaviour_of(name) if exists else Missing()

    def peek(self, name: str) -> Behaviour:
        """What the next generation by the model meets."""
        return self._scripts.peek(name) or self.named(name)

    def take(self, name: str) -> Behaviour:
        """What this generation by the model meets."""
        return self._scripts.take(name) or self.named(name)

    @property
    def statistics(self) -> Statistics:
        """Figures of one host; of none, empty ones."""
        return self._statistics

    def set_places(self, places: int) -> None:
        """Raises ValueError: there are places in one host only."""
        raise ValueError("the fake has places as one host only: FakeOllama(one_host=OneHost())")

    def begin(self) -> None:
        """Start the server's process anew, on the loop that serves."""

    def put(self, name: str) -> None:
        """Have the model loaded."""
        self._resident[name] = DEFAULT_CONTEXT

    def drop(self, name: str) -> None:
        """Have it not loaded."""
        self._resident.pop(name, None)

    def loaded(self) -> list[str]:
        return list(self._resident)

    async def unload(self, card: Card) -> None:
        self.drop(card.name)

    async def load(self, card: Card, generation: Generation, answer: reply.Reply) -> None:
        fake = fake_reply(answer)
        if await self._loaded(card.name, fake, self.peek(card.name)):
            await fake.without_generation("load")

    async def generate(self, card: Card, generation: Generation, answer: reply.Reply) -> None:
        fake = fake_reply(answer)
        behaviour = self.take(card.name)
        if not await self._loaded(card.name, fake, behaviour):
            return
        if isinstance(behaviour, Ok):
            fake.check_window()
        fake.thinks = "thinking" in card.capabilities and generation.asks_to_think
        fake.exchange.behaviour = type(behaviour).__name__
        await behaviour.answer(fake)
        if generation.keep_alive == 0:
            self.drop(card.name)

    async def _loaded(self, name: str, fake: Reply, behaviour: Behaviour) -> bool:
        """Load the model if need be, as Ollama does before any generation."""
        if self._resident.get(name) == fake.context_window:
            return True
        fake.exchange.behaviour = f"{type(behaviour).__name__}.load"
        if await behaviour.load(fake):
            self._resident[name] = fake.context_window
            return True
        return False

    def _names(self) -> Sequence[str]:
        if self._models is not None:
            return self._models
        named = [f"{word}:1" for word in BY_NAME if word not in ("missing", "http")]
        # As for Ollama, what is loaded is listed.
        return [*named, *(name for name in self._resident if name not in named)]


def fake_reply(answer: reply.Reply) -> Reply:
    """The reply as the fake's."""
    assert isinstance(answer, Reply)  # noqa: S101 - for mypy: the fake makes its replies itself
    return answer
