"""Outcome of a mail, from the mail server's reply or error. Pure.

After RFC 5321: an answer of 4yz may be another one later, one of 5yz is for good (4.2.1). A server
that is set up wrongly for an hour says 5yz, too, so it is asked a few times more; and what it says
of the sender (``MAIL FROM``) is about that alone. A connection that ends before the answer to the
message leaves it open whether it was accepted: then a mail server tries again and risks a second
copy (RFC 1047); we do not. An answer to the message that is neither leaves it open too: smtplib
takes 250 alone for a yes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from smtplib import (
    SMTPDataError,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

#: Of RFC 5321, 4.2.1: refusals, and the first of those that are for good.
REFUSALS, PERMANENT = range(400, 600), 500
#: Before each further try, of which 5yz has fewer.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 120, 240, 480))
MOST_AFTER_PERMANENT = 3


class Outcome(StrEnum):
    """How one try ended."""

    SENT = "sent"
    LATER = "later"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The outcome of one try, and the server's words."""

    outcome: Outcome
    reason: str = ""
    #: How many further tries there are at most, where the outcome is ``LATER``.
    further: int = len(WAITS)


def verdict_of(error: Exception) -> Verdict:
    """Of an error that was raised while a message was handed over."""
    if isinstance(error, SMTPRecipientsRefused):
        return _refusal(answer for answer in error.recipients.values())
    if isinstance(error, SMTPDataError) and error.smtp_code not in REFUSALS:
        return Verdict(outcome=Outcome.UNKNOWN, reason=_answer(error.smtp_code, error.smtp_error))
    if isinstance(error, SMTPSenderRefused):
        return Verdict(outcome=Outcome.LATER, reason=_answer(error.smtp_code, error.smtp_error))
    if isinstance(error, SMTPResponseException):
        return _refusal([(error.smtp_code, error.smtp_error)])
    if isinstance(error, SMTPNotSupportedError):
        # Said before the message: the server cannot write to such an address.
        return Verdict(outcome=Outcome.REFUSED, reason=str(error))
    return Verdict(outcome=Outcome.UNKNOWN, reason=f"{type(error).__name__}: {error}")


def wait_after(verdict: Verdict, tries: int) -> timedelta | None:
    """How long after so many tries, of which this was the last, the next one is; None: there is
    none."""
    if verdict.outcome is not Outcome.LATER or tries > verdict.further:
        return None
    return WAITS[tries - 1]


def _refusal(answers: Iterable[tuple[int, bytes | str]]) -> Verdict:
    told = list(answers)
    permanent = all(code >= PERMANENT for code, _text in told)
    reason = "; ".join(_answer(code, text) for code, text in told)
    further = MOST_AFTER_PERMANENT if permanent else len(WAITS)
    return Verdict(outcome=Outcome.LATER, reason=reason, further=further)


def _answer(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {words}"
