"""Preparation of a run before a model is called: a prompt, or a division into parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Division:
    """Parts that are to be done before the run itself, each by a run of its own."""

    #: Which round of parts these are; the first is 1.
    round: int
    #: One for each new part, in their order; none where the round's parts are at work already.
    payloads: Sequence[Mapping[str, Any]] = ()


class Refused(Exception):
    """The run cannot be worked on at all; ``code`` is the error's stable word."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        super().__init__(detail)
