"""Obstacles of parked runs, and their text in ``TaskRun.parked_on``. Pure.

A host is written as its address alone, the others as their kind and their names: ``queue llm.x``,
``model qwen3:latest``, ``breaker big:7b small:1b``, ``permit http://gpu:11434 qwen3:latest``,
``parts 5``. Names of queues and models have no spaces.
"""

from dataclasses import dataclass
from enum import StrEnum

from llmconfig.values.model_names import normalise_model


class Kind(StrEnum):
    """Each ends in its own way: it answers, staff resume it, one of the models may be tried,
    another attempt on the same (host, model) ends, the run's parts are done."""

    HOST = "host"
    QUEUE = "queue"
    MODEL = "model"
    BREAKER = "breaker"
    PERMIT = "permit"
    PARTS = "parts"


@dataclass(frozen=True)
class Obstacle:
    """One thing in the way. A breaker has several names: any of its models will do; a permit has
    its host and model."""

    kind: Kind
    names: tuple[str, ...]

    def __str__(self) -> str:
        names = " ".join(self.names)
        return names if self.kind is Kind.HOST else f"{self.kind} {names}"

    @classmethod
    def permit(cls, host: str, model: str) -> "Obstacle":
        """No permit of this (host, model) is free."""
        return cls(Kind.PERMIT, (host, normalise_model(model)))

    @classmethod
    def read(cls, text: str) -> "Obstacle":
        """What ``str`` wrote. Text of another release that is not understood counts as a host."""
        kind, _space, names = text.partition(" ")
        if names and kind in set(Kind) - {Kind.HOST}:
            return cls(Kind(kind), tuple(names.split()))
        return cls(Kind.HOST, (text,))
