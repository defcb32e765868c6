"""Diff between two states of a run, as events for a client. Pure.

A client is told differences: between what is known now and what it was told before. So a slow one
misses steps in between but never a word, nobody is told anything twice, and a stream that begins,
goes on or begins again after an outage is the same computation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workers.streaming.cursors import ENDED, NO_TAKE, Cursor, Take

RUNNING = "running"
SUCCEEDED = "succeeded"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A run as the database tells it."""

    #: As it reads now: past its deadline an open run is ``expired``.
    status: str
    #: How often it was claimed.
    deliveries: int
    #: Those that have ended, as `attempt_json` renders them, oldest first.
    attempts: tuple[Mapping[str, Any], ...]
    #: What ``end`` says; None while the run is open.
    end: Mapping[str, Any] | None = None

    @property
    def content(self) -> str | None:
        """The text of the result, where it has one."""
        content = ((self.end or {}).get("result") or {}).get("content")
        return content if isinstance(content, str) else None

    def knows_before(self, take: Take) -> bool:
        """Whether all attempts before this take are among those that are known to have ended."""
        return max((a["number"] or 0 for a in self.attempts), default=0) >= take.attempt - 1

    def has_failed(self, take: Take) -> bool:
        """Whether this take is over without an answer: its delivery is, or its attempt's row says
        so. One that succeeded ends its run in the same transaction; where the run was read just
        before that, it reads as running still.
        """
        if take.delivery != self.deliveries:
            return take.delivery < self.deliveries
        failed = (a["number"] for a in self.attempts if a["outcome"] != SUCCEEDED)
        return self.status != RUNNING or take.attempt in failed


@dataclass(frozen=True, kw_only=True)
class View:
    """A run as a process knows it: its row, and what the workers said of the last take."""

    row: Row
    take: Take = NO_TAKE
    #: That take's attempt as `attempt_json` would tell it, its outcome still null.
    begun: Mapping[str, Any] | None = None
    #: From its beginning; more may have been said.
    text: str = ""

    @property
    def status(self) -> str:
        """The row's, unless a worker has spoken since it was read."""
        spoken = self.row.end is None and self.take.delivery > self.row.deliveries
        return RUNNING if spoken else self.row.status

    def is_withdrawn(self, take: Take) -> bool:
        """Whether the text of a take is no longer the run's: another one follows or has begun.

        What a run that ended without a result has said last stays.
        """
        return take < self.take or (self.row.end is None and self.row.has_failed(take))


@dataclass(frozen=True)
class Event:
    """One event of the stream, and how far a client is that has it."""

    name: str
    data: Mapping[str, Any]
    cursor: Cursor


def news(view: View, told: Cursor) -> Iterator[Event]:
    """What a client that was told so much is to be told now, in this order."""
    if told.ended:
        return
    for part in (_attempts, _state, _withdrawal, _beginning, _text, _result, _end):
        for event in part(view, told):
            told = event.cursor
            yield event


def _attempts(view: View, told: Cursor) -> Iterator[Event]:
    for count, attempt in enumerate(view.row.attempts, start=1):
        if count > told.attempts:
            yield Event("attempt", attempt, replace(told, attempts=count))


def _state(view: View, told: Cursor) -> Iterator[Event]:
    if view.status != told.status:
        yield Event("state", {"status": view.status}, replace(told, status=view.status))


def _withdrawal(view: View, told: Cursor) -> Iterator[Event]:
    if told.characters and view.is_withdrawn(told.take):
        yield _reset(told)


def _beginning(view: View, told: Cursor) -> Iterator[Event]:
    is_new = view.take > told.take and view.row.end is None and view.row.knows_before(view.take)
    if is_new and view.begun is not None and not view.is_withdrawn(view.take):
        yield Event("attempt", view.begun, replace(told, take=view.take, characters=0))


def _text(view: View, told: Cursor) -> Iterator[Event]:
    if told.take != view.take or view.row.content is not None or view.is_withdrawn(told.take):
        return
    if len(view.text) > told.characters:
        yield _said(told.take, view.text, told)


def _result(view: View, told: Cursor) -> Iterator[Event]:
    """Whoever puts the pieces together has the text of the result in the end, exactly."""
    content = view.row.content
    if content is None:
        return
    if told.characters and not _begins(content, view, told):
        yield (withdrawn := _reset(told))
        told = withdrawn.cursor
    if len(content) > told.characters:
        yield _said(told.take if told.characters else _answering(view.row), content, told)


def _end(view: View, told: Cursor) -> Iterator[Event]:
    if view.row.end is not None:
        yield Event("end", view.row.end, replace(told, status=ENDED))


def _begins(content: str, view: View, told: Cursor) -> bool:
    """Whether the result begins with what the client has. Where that is not known: no."""
    is_known = told.take == view.take and len(view.text) >= told.characters
    return is_known and content.startswith(view.text[: told.characters])


def _answering(row: Row) -> Take:
    """The take that made the result."""
    numbers = [a["number"] for a in row.attempts if a["outcome"] == SUCCEEDED]
    return Take(row.deliveries, numbers[-1] if numbers else 0)


def _reset(told: Cursor) -> Event:
    return Event("reset", {"attempt": told.take.attempt}, replace(told, characters=0))


def _said(take: Take, text: str, told: Cursor) -> Event:
    data = {"attempt": take.attempt, "delta": text[told.characters :]}
    return Event("text", data, replace(told, take=take, characters=len(text)))
