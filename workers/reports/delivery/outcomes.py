"""What became of a mail, from what the mail server said or did. Pure.

After RFC 5321: an answer of 4yz may be another one later, one of 5yz is for good (4.2.1). A
connection that ends before the answer to the message leaves it open whether it was accepted: then
a mail server tries again and risks a second copy (RFC 1047); we do not. An answer to the message
that is neither leaves it open too: smtplib takes 250 alone for a yes.
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
)

#: Of RFC 5321, 4.2.1: refusals, and the first of those that are for good.
REFUSALS, PERMANENT = range(400, 600), 500
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 120, 240, 480))


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


def verdict_of(error: Exception) -> Verdict:
    """Of an error that was raised while a message was handed over."""
    if isinstance(error, SMTPRecipientsRefused):
        return _refusal(answer for answer in error.recipients.values())
    if isinstance(error, SMTPDataError) and error.smtp_code not in REFUSALS:
        told = f"{error.smtp_code} {_words(error.smtp_error)}"
        return Verdict(outcome=Outcome.UNKNOWN, reason=told)
    if isinstance(error, SMTPResponseException):
        return _refusal([(error.smtp_code, error.smtp_error)])
    if isinstance(error, SMTPNotSupportedError):
        # Said before the message: the server cannot write to such an address.
        return Verdict(outcome=Outcome.REFUSED, reason=str(error))
    return Verdict(outcome=Outcome.UNKNOWN, reason=f"{type(error).__name__}: {error}")


def wait_after(tries: int) -> timedelta | None:
    """How long after so many refused tries the next one is; None: there is none."""
    return WAITS[tries - 1] if tries <= len(WAITS) else None


def _refusal(answers: Iterable[tuple[int, bytes | str]]) -> Verdict:
    told = list(answers)
    permanent = all(code >= PERMANENT for code, _text in told)
    reason = "; ".join(f"{code} {_words(text)}" for code, text in told)
    return Verdict(outcome=Outcome.REFUSED if permanent else Outcome.LATER, reason=reason)


def _words(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
