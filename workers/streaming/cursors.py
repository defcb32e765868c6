"""Cursors: the position of a client in a run's events. The id of each event is the cursor after it:
a client that reconnects with ``Last-Event-ID`` resumes there, in any process, with or without
Redis. Pure."""

import re
from dataclasses import dataclass

#: Stands for the status of whom nothing is to be told any more.
ENDED = "end"
#: How an id is written; the OpenAPI description shows it too.
PATTERN = r"^[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}\.(-|[a-z]{1,20})$"

_ID = re.compile(PATTERN, re.ASCII)


@dataclass(frozen=True, order=True)
class Take:
    """One try at an answer: the attempt of this number in the delivery of this number.

    The attempt's number alone would not do: a worker that is killed leaves it to the next one.
    Deliveries count up with each claim, so a later take is greater than an earlier one.
    """

    delivery: int
    attempt: int

    def __str__(self) -> str:
        return f"{self.delivery}.{self.attempt}"


NO_TAKE = Take(0, 0)


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """How far a client is."""

    #: The last take whose beginning it was told.
    take: Take = NO_TAKE
    #: So much of that take's text.
    characters: int = 0
    #: So many of the attempts that have ended.
    attempts: int = 0
    #: The last status; "": none yet, ``ENDED``: everything.
    status: str = ""

    def __str__(self) -> str:
        return f"{self.take}.{self.characters}.{self.attempts}.{self.status or '-'}"

    @property
    def ended(self) -> bool:
        return self.status == ENDED


START = Cursor()


def cursor_read(text: str) -> Cursor:
    """The cursor of an event's id. Raises ValueError for anything else."""
    if _ID.match(text) is None or text.endswith("\n"):
        raise ValueError(text)
    *numbers, status = text.split(".")
    delivery, attempt, characters, attempts = map(int, numbers)
    return Cursor(
        take=Take(delivery, attempt),
        characters=characters,
        attempts=attempts,
        status="" if status == "-" else status,
    )
