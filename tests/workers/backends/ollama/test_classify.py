"""Every row of the table, over a real socket."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import ollama
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.backends.ollama.asking import SOON, ask, failure
from tests.workers.backends.ollama.cases import (
    BROKEN,
    CASES,
    ELSEWHERE,
    HOSTS,
    PROMPT,
    REFUSED,
    USELESS,
)
from tests.workers.backends.ollama.ports import full_backlog
from workers.backends.ollama import classify, transport
from workers.backends.ollama.answer import Answer
from workers.backends.ollama.classify import TABLE, original_of, retry_after_seconds
from workers.runs.outcomes import AttemptFailed, Cause, Outcome
from workers.testing import behaviours as b


@pytest.fixture(autouse=True)
def no_patience(monkeypatch):
    """An error whose explanation never ends is waited for a moment only."""
    monkeypatch.setattr(transport, "EXPLANATION_SECONDS", 0.1)


@pytest.mark.parametrize("case", PROMPT, ids=str)
def test_a_fault_has_its_cause_and_the_outcome_of_the_table(fake_ollama, case):
    failed = case.play(fake_ollama)
    assert (failed.cause, failed.outcome) == (case.cause, TABLE[case.cause][0])
    assert failed.reason.startswith(TABLE[case.cause][1])


def test_every_row_of_the_table_has_a_case():
    assert {case.cause for case in CASES} | set(ELSEWHERE) == set(TABLE) == set(Cause)


def test_every_row_of_errors_has_a_case(fake_ollama, monkeypatch):
    monkeypatch.setattr(transport, "CONNECT_SECONDS", SOON)
    with full_backlog() as port:
        met = [failure(f"http://127.0.0.1:{port}")]
    met += [case.play(fake_ollama) for case in [*HOSTS, *BROKEN, *USELESS]]
    rows = {
        next(row for row in classify.ERRORS if isinstance(error, row[0]))
        for error in map(root_of, met)
        if not isinstance(error, AttemptFailed | ollama.ResponseError)
    }
    # The last is for what nobody foresaw; it has a test of its own.
    assert rows == set(classify.ERRORS[:-1])


def root_of(failed):
    """What the client met."""
    while isinstance(failed, AttemptFailed) and failed.__cause__:
        failed = failed.__cause__
    return original_of(failed)


def test_every_row_of_statuses_has_a_case(fake_ollama):
    met = [case.play(fake_ollama).__cause__ for case in [*BROKEN, *REFUSED]]
    rows = {
        next(row for row in classify.STATUSES if error.status_code in row[0] and says(row, error))
        for error in met
        if isinstance(error, ollama.ResponseError) and error.status_code != -1
    }
    assert rows == set(classify.STATUSES)


def says(row, error):
    return row[1] is None or row[1].search(str(error.error))


def test_a_refusal_tells_ollamas_own_reason(fake_ollama):
    fake_ollama.script("m:1", [b.Status(code=400, body="no such\x00 option:\n 'heat'")])
    assert failure(fake_ollama.host, "m:1").reason.endswith("HTTP 400 no such option: 'heat'")


def test_a_reason_is_cut_to_500_characters(fake_ollama):
    fake_ollama.script("m:1", [b.Status(code=500, body="why " * 5_000)])
    assert len(failure(fake_ollama.host, "m:1").reason) == 500


@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_is_told(fake_ollama, code):
    fake_ollama.script("m:1", [b.Status(code=code, retry_after=7)])
    assert failure(fake_ollama.host, "m:1").retry_after_seconds == 7.0


def test_a_refusal_has_no_retry_after(fake_ollama):
    fake_ollama.script("m:1", [b.Status(code=400, retry_after=7)])
    assert failure(fake_ollama.host, "m:1").retry_after_seconds is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (" 1.5 ", 1.5),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("inf", None),
        ("nan", None),
        ("1e9", None),
        ("9" * 5_000, 1e9),
        ("99999999999", 1e9),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999999999", None),
        ("Mon, 99 Xyz 2026 00:00:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 -0000", 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_ignored(value, seconds):
    assert retry_after_seconds(value) == seconds


def test_retry_after_may_be_an_http_date():
    moment = datetime.now(UTC) + timedelta(seconds=30)
    assert 25 < retry_after_seconds(format_datetime(moment, usegmt=True)) <= 30


def test_a_retry_after_date_is_told_by_the_servers_own_clock():
    fast = datetime.now(UTC) + timedelta(hours=1)
    date = format_datetime(fast, usegmt=True)
    assert retry_after_seconds(format_datetime(fast + timedelta(seconds=3), usegmt=True), date) == 3
    assert retry_after_seconds(date, "yesterday") > 3500


def test_the_rows_name_every_outcome_of_a_failed_attempt():
    assert {outcome for outcome, _ in TABLE.values()} == set(Outcome) - {
        Outcome.SUCCEEDED,
        Outcome.SKIPPED,  # the breaker's, which never comes here
    }


@pytest.mark.parametrize(
    "request_", [{"options": {"temperature": float("nan")}}, {"model": ""}, {"model": "\ud800"}]
)
def test_a_request_that_cannot_be_sent_is_refused(fake_ollama, request_):
    failed = failure(fake_ollama.host, **{"model": "ok:1", **request_})
    assert (failed.outcome, failed.cause) == (Outcome.UNUSABLE, Cause.REQUEST_REFUSED)
    assert "cannot be sent" in failed.reason


@given(st.text() | st.text("0123456789,.:+- ADFGJMNOSTUW", max_size=40))
def test_any_retry_after_is_a_number_or_nothing(value):
    assert retry_after_seconds(value) is None or retry_after_seconds(value) >= 0


def test_an_error_that_nobody_foresaw_is_transient(fake_ollama, monkeypatch, caplog):
    def take(_answer, _chunk):
        raise LookupError("a secret")

    monkeypatch.setattr(Answer, "take", take)
    failed = failure(fake_ollama.host)
    assert (failed.outcome, failed.cause) == (Outcome.TRANSIENT, Cause.UNEXPECTED)
    assert "secret" not in failed.reason
    assert "LookupError: a secret" in caplog.text


def test_a_good_answer_is_no_fault(fake_ollama):
    assert ask(fake_ollama.host).content == "This is the answer of ok:1."
