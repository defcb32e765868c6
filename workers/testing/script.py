"""What the fake does to which request: steps taken in order, and steps for a span of time.

A key is a model's name, a path such as ``/api/ps``, or ``*`` for every request.
"""

import math
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from workers.testing.behaviours import Behaviour
from workers.testing.by_name import behaviour_of
from workers.testing.ollama_http import names

EVERY_REQUEST = "*"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One behaviour and how long it holds. Moments are seconds since the step was added."""

    behaviour: Behaviour
    #: How many requests it answers; infinite: all of them.
    times: float = 1
    #: Together a span of time: every request in it is answered so, whatever is next in order.
    from_seconds: float = 0.0
    until_seconds: float | None = None


class Steps:
    """The steps of one key."""

    def __init__(self) -> None:
        self._spans: list[tuple[float, float, Behaviour]] = []
        self._queue: deque[tuple[Behaviour, float]] = deque()

    def add(self, steps: Iterable[Step | Behaviour | str]) -> None:
        """Add steps behind those that are there; a string is read as a model's name would be."""
        now = time.monotonic()
        for step in map(_step, steps):
            if step.until_seconds is None:
                self._queue.append((step.behaviour, step.times))
            else:
                begin, end = now + step.from_seconds, now + step.until_seconds
                self._spans.append((begin, end, step.behaviour))

    def peek(self) -> Behaviour | None:
        """What the next request meets; None when nothing is scripted for it."""
        now = time.monotonic()
        for begin, end, behaviour in self._spans:
            if begin <= now < end:
                return behaviour
        return self._queue[0][0] if self._queue else None

    def take(self) -> Behaviour | None:
        """What this request meets; a step in order is used up by it."""
        behaviour = self.peek()
        if self._queue and behaviour is self._queue[0][0]:
            _, times = self._queue.popleft()
            if times > 1:
                self._queue.appendleft((behaviour, times - 1))
        return behaviour


class Scripts:
    """The steps of every key."""

    def __init__(self) -> None:
        self._steps: dict[str, Steps] = {}

    def add(self, key: str, steps: Iterable[Step | Behaviour | str]) -> None:
        """Add steps for a model, a path or every request."""
        self._steps.setdefault(_spelled(key), Steps()).add(steps)

    def peek(self, key: str) -> Behaviour | None:
        return self._steps[key].peek() if key in self._steps else None

    def take(self, key: str) -> Behaviour | None:
        return self._steps[key].take() if key in self._steps else None


def _spelled(key: str) -> str:
    return key if key.startswith(("/", EVERY_REQUEST)) else names.key(key)


def always(behaviour: Behaviour | str) -> Step:
    """A step that answers every request from its turn on."""
    return Step(behaviour=_step(behaviour).behaviour, times=math.inf)


def _step(given: Step | Behaviour | str) -> Step:
    if isinstance(given, Step):
        return given
    return Step(behaviour=behaviour_of(given) if isinstance(given, str) else given)
