"""Counters of one host, by model: what a benchmark divides its own figures by."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class ModelStatistics:
    """Figures of one model since the start, or since they were reset."""

    #: Loads that were begun.
    loads: int = 0
    #: Answers that were sent to their end.
    answers: int = 0
    #: Time in which requests held a place, added up: prompt and generation, no waiting.
    generation_seconds: float = 0.0
    #: Requests accepted and not ended, waiting or in service: now, and the most at once.
    open: int = 0
    most_open: int = 0
    #: Requests that held a place: now, and the most at once.
    in_service: int = 0
    most_in_service: int = 0
    #: Prompts longer than the window: cut in silence, and refused for ``truncate: false``.
    cut_prompts: int = 0
    refused_prompts: int = 0

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Count a request as open during the block."""
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            yield
        finally:
            self.open -= 1

    @contextmanager
    def served(self) -> Iterator[None]:
        """Count a request as in service during the block."""
        self.in_service += 1
        self.most_in_service = max(self.most_in_service, self.in_service)
        try:
            yield
        finally:
            self.in_service -= 1

    def reset(self) -> None:
        """Begin anew; what is open now stays counted as open."""
        fresh = ModelStatistics(open=self.open, in_service=self.in_service)
        fresh.most_open, fresh.most_in_service = self.open, self.in_service
        self.__dict__.update(fresh.__dict__)


class Statistics(defaultdict[str, ModelStatistics]):
    """Statistics by normalised model name."""

    def __init__(self) -> None:
        super().__init__(ModelStatistics)

    def reset(self) -> None:
        for model in self.values():
            model.reset()
