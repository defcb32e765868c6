"""What became of a mail is told by the mail server's words, or by its silence."""

from smtplib import (
    SMTPDataError,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.reports.delivery.outcomes import WAITS, Outcome, verdict_of, wait_after


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (SMTPDataError(451, b"later"), Outcome.LATER),
        (SMTPDataError(554, b"spam"), Outcome.REFUSED),
        (SMTPDataError(200, b"fine"), Outcome.UNKNOWN),
        (SMTPDataError(-1, b"no number"), Outcome.UNKNOWN),
        (SMTPSenderRefused(550, b"who?", "us"), Outcome.REFUSED),
        (SMTPRecipientsRefused({"ada": (450, b"full")}), Outcome.LATER),
        (SMTPRecipientsRefused({"ada": (550, b"gone")}), Outcome.REFUSED),
        (SMTPNotSupportedError("SMTPUTF8 not supported by server"), Outcome.REFUSED),
        (SMTPServerDisconnected("Connection unexpectedly closed"), Outcome.UNKNOWN),
        (TimeoutError("timed out"), Outcome.UNKNOWN),
        (ConnectionResetError(104, "reset"), Outcome.UNKNOWN),
        (RuntimeError("a backend of somebody's own"), Outcome.UNKNOWN),
    ],
)
def test_an_answer_is_a_refusal_and_no_answer_is_unknown(error, outcome):
    verdict = verdict_of(error)
    assert verdict.outcome is outcome
    assert verdict.reason


@given(code=st.integers(400, 599))
def test_only_what_the_server_says_is_for_good_is_for_good(code):
    outcome = verdict_of(SMTPDataError(code, b"no")).outcome
    assert outcome is (Outcome.REFUSED if code >= 500 else Outcome.LATER)


def test_waits_grow_and_end():
    waits = [wait_after(tries) for tries in range(1, len(WAITS) + 2)]
    assert waits[:-1] == sorted(waits[:-1])
    assert waits[-1] is None
