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

from workers.reports.delivery.outcomes import (
    MOST_AFTER_PERMANENT,
    WAITS,
    Outcome,
    Verdict,
    verdict_of,
    wait_after,
)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (SMTPDataError(451, b"later"), Outcome.LATER),
        (SMTPDataError(554, b"spam"), Outcome.LATER),
        (SMTPDataError(200, b"fine"), Outcome.UNKNOWN),
        (SMTPDataError(-1, b"no number"), Outcome.UNKNOWN),
        (SMTPSenderRefused(550, b"who?", "us"), Outcome.LATER),
        (SMTPRecipientsRefused({"ada": (450, b"full")}), Outcome.LATER),
        (SMTPRecipientsRefused({"ada": (550, b"gone")}), Outcome.LATER),
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


@given(code=st.integers(400, 599), tries=st.integers(1, 20))
def test_what_the_server_says_is_for_good_is_tried_less_often(code, tries):
    verdict = verdict_of(SMTPDataError(code, b"no"))
    most = MOST_AFTER_PERMANENT if code >= 500 else len(WAITS)
    assert (wait_after(verdict, tries) is not None) == (tries <= most)


@given(code=st.integers(400, 599))
def test_what_is_said_of_the_sender_is_not_said_of_the_mail(code):
    assert verdict_of(SMTPSenderRefused(code, b"no", "us")).further == len(WAITS)


@pytest.mark.parametrize("outcome", set(Outcome) - {Outcome.LATER})
def test_nothing_else_is_tried_again(outcome):
    assert wait_after(Verdict(outcome=outcome), 1) is None


def test_waits_grow_and_end():
    later = Verdict(outcome=Outcome.LATER)
    waits = [wait_after(later, tries) for tries in range(1, len(WAITS) + 2)]
    assert waits[:-1] == sorted(waits[:-1])
    assert waits[-1] is None
