"""Authorship of changes: person, source and reason of a unit of work, recorded with each change.

It is kept in a context variable, which neither threads nor requests share. Outside of any unit the
request of the middleware tells who and where.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone
from simple_history.models import HistoricalRecords

from llmconfig.values.errors import InvalidPreference, ReasonNotPrintable
from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.texts import shown

ADMIN = "admin"
API = "api"
COMMAND = "command"
#: Code that names no source and runs in no request: a shell, a test, a fixture.
CODE = "code"

SOURCE_MAX_LENGTH = 20
REASON_MAX_LENGTH = 100


@dataclass(frozen=True, kw_only=True)
class Author:
    by: AbstractBaseUser | None
    source: str
    #: As it is stored, with the program's note.
    reason: str | None

    @cached_property
    def moment(self) -> datetime:
        """That of the first record: all that one unit changes is changed at one moment."""
        return timezone.now()


_author: ContextVar[Author | None] = ContextVar("author", default=None)


@contextmanager
def authored(
    *,
    by: AbstractBaseUser | None,
    source: str | None = None,
    reason: str | None = None,
    note: str | None = None,
) -> Iterator[Author]:
    """Record the changes made inside as ``by``'s; ``source`` and ``reason`` of an outer unit hold
    where none is given. A ``note`` of the program (at most 100 characters) precedes the reason.

    Raises ``InvalidPreference`` for a reason longer than 100 characters, or of more than one line.
    """
    outer = _author.get()
    reason = reason_parse(reason) or (outer.reason if outer else None)
    told = ": ".join(filter(None, (note, reason))) or None
    author = Author(by=by, source=source or current_source(), reason=told)
    token = _author.set(author)
    try:
        yield author
    finally:
        _author.reset(token)


def current_author() -> Author | None:
    return _author.get()


def current_source() -> str:
    """Where a change comes from that is made now."""
    if author := _author.get():
        return author.source
    request = getattr(HistoricalRecords.context, "request", None)
    if request is None:
        return CODE
    match = request.resolver_match
    return ADMIN if match and match.app_name == "admin" else API


def current_moment() -> datetime:
    author = _author.get()
    return author.moment if author else timezone.now()


def reason_parse(reason: str | None) -> str | None:
    """The reason without surrounding blanks; None where there is none."""
    too_long = len(reason or "") > REASON_MAX_LENGTH
    text = (reason or "").strip()
    if too_long or not text.isprintable():
        accepted = gettext_noop(
            "A reason is one line of at most %(maximum)s characters, without tabs and other"
            " control characters; found: %(found)s"
        )
        wrong = next((character for character in text if not character.isprintable()), reason)
        message = Message(accepted, {"maximum": REASON_MAX_LENGTH, "found": shown(wrong)})
        error = InvalidPreference if too_long else ReasonNotPrintable
        raise error(message, errors={"reason": [message]})
    return text or None
