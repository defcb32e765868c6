"""What stands behind the front: the models of a server, and what generates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from workers.testing.ollama_http.reply import Reply
from workers.testing.ollama_http.requests import Generation


@dataclass(frozen=True, kw_only=True)
class Card:
    """One model of the server, as it is listed and shown."""

    #: With its tag.
    name: str
    digest: str
    #: Bytes.
    size: int
    #: Unix time.
    modified_at: float
    family: str
    parameter_size: str
    quantization_level: str
    #: What it was trained for, in tokens.
    context_length: int
    embedding_length: int
    capabilities: tuple[str, ...] = ("completion",)
    modelfile: str = ""
    parameters: str = ""
    template: str = ""
    #: The metadata of its weights; lists are shown where a request says ``verbose``.
    metadata: Mapping[str, Any] = field(default_factory=dict)
    #: ``name``, ``type`` and ``shape`` of each tensor.
    tensors: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, kw_only=True)
class Running:
    """A loaded model."""

    card: Card
    context_length: int
    #: Unix time; infinite: never.
    expires_at: float


class Models(Protocol):
    """A server's models. Any method that answers a generation may raise RequestError."""

    @property
    def version(self) -> str: ...

    def cards(self) -> Sequence[Card]:
        """What ``/api/tags`` lists."""

    def running(self) -> Sequence[Running]:
        """What ``/api/ps`` lists."""

    def card(self, name: str) -> Card | None:
        """The model of a name, given as `names.key` spells it."""

    async def unload(self, card: Card) -> None:
        """Have the model unloaded as soon as it is idle; return at once."""

    async def load(self, card: Card, generation: Generation, reply: Reply) -> None:
        """Load the model, then answer by `Reply.without_generation`."""

    async def generate(self, card: Card, generation: Generation, reply: Reply) -> None:
        """Generate, and write the answer to its end."""
