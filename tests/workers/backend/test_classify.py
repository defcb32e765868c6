"""Every row of the table, over a real socket."""

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.backend.asking import ask, failure, free_port
from workers.backend import classify, transport
from workers.backend.classify import TABLE, retry_after_seconds, translate
from workers.outcomes import Cause, Outcome
from workers.testing import behaviours as b

BY_CAUSE = [
    (b.Reset(), Cause.CONNECTION_LOST),
    (b.Reset(tokens=2), Cause.CONNECTION_LOST),
    (b.CutStream(tokens=0), Cause.CONNECTION_LOST),
    (b.CutStream(tokens=2), Cause.CONNECTION_LOST),
    (b.Garbage(), Cause.CONNECTION_LOST),
    (b.Status(code=500, body="llama runner process has terminated"), Cause.SERVER_ERROR),
    (b.Status(code=502, raw=b"<html>Bad Gateway</html>"), Cause.SERVER_ERROR),
    (b.Status(code=503), Cause.SERVER_ERROR),
    (b.Status(code=503, raw=b""), Cause.SERVER_ERROR),
    (b.Status(code=503, raw=b'["not", "an", "object"]'), Cause.SERVER_ERROR),
    (b.Status(code=503, raw=b'"a string"'), Cause.SERVER_ERROR),
    (b.Status(code=599, raw=b'{"error": null}'), Cause.SERVER_ERROR),
    (b.Status(code=429, body="slow down"), Cause.BUSY),
    (b.ErrorMidStream(), Cause.STREAM_ERROR),
    (b.ErrorMidStream(tokens=0), Cause.STREAM_ERROR),
    (b.ErrorMidStream(message={"code": 500}), Cause.BROKEN_ANSWER),
    (b.BrokenJson(), Cause.BROKEN_ANSWER),
    (b.BrokenJson(line=b"\n"), Cause.BROKEN_ANSWER),
    (b.BrokenJson(line=b"[1, 2]\n"), Cause.BROKEN_ANSWER),
    (b.BrokenJson(line=b"7\n"), Cause.BROKEN_ANSWER),
    (b.BrokenJson(line=b"null\n"), Cause.BROKEN_ANSWER),
    (b.BrokenJson(line=b'{"done": true}\n'), Cause.BROKEN_ANSWER),
    (b.BrokenJson(line=b'{"response": "text", "done": true}\n'), Cause.BROKEN_ANSWER),
    (b.BrokenJson(line=b"[" * 100_000 + b"\n"), Cause.BROKEN_ANSWER),
    (b.BrokenJson(line=b"\xff\xfe\x00\n"), Cause.BROKEN_ANSWER),
    (b.Html(), Cause.BROKEN_ANSWER),
    (b.Gzipped(), Cause.BROKEN_ANSWER),
    (b.Redirect(), Cause.REDIRECTED),
    (b.Status(code=302, raw=b""), Cause.REDIRECTED),
    (b.NoDone(), Cause.NOT_DONE),
    (b.NoDone(tokens=0), Cause.NOT_DONE),
    (b.EmptyBody(), Cause.NOT_DONE),
    (b.Status(code=204, raw=b""), Cause.NOT_DONE),
    (b.Empty(), Cause.EMPTY),
    (b.Empty(done_reason="length"), Cause.EMPTY),
    (b.Ok(text=" \n\t "), Cause.EMPTY),
    (b.ThinkingOnly(), Cause.ONLY_THINKING),
    (b.Empty(done_reason="load"), Cause.UNLOADED),
    (b.Empty(done_reason="unload"), Cause.UNLOADED),
    (b.TooLong(), Cause.TOO_LONG),
    (b.Missing(), Cause.MODEL_MISSING),
    (b.Status(code=404, raw=b"404 page not found"), Cause.MODEL_MISSING),
    (b.Status(code=400, body="invalid model name"), Cause.MODEL_MISSING),
    (b.Status(code=400, body='"nomic" does not support chat'), Cause.INCAPABLE),
    (b.Status(code=400, body="this exceeds the context length"), Cause.CONTEXT_OVERFLOW),
    (
        b.Status(code=400, raw=b'{"error": {"message": "exceeds the available context size"}}'),
        Cause.CONTEXT_OVERFLOW,
    ),
    (b.FullContext(), Cause.CONTEXT_OVERFLOW),
    (b.Status(code=400, body="invalid option: temperature"), Cause.REJECTED),
    (b.Status(code=401, body="unauthorized"), Cause.REJECTED),
    (b.Status(code=403, body="content rejected"), Cause.REJECTED),
    (b.Status(code=422, raw=b"[]"), Cause.REJECTED),
]


@pytest.mark.parametrize(("behaviour", "cause"), BY_CAUSE, ids=str)
def test_a_fault_has_its_cause_and_the_outcome_of_the_table(fake_ollama, behaviour, cause):
    fake_ollama.script("m:1", [behaviour])
    failed = failure(fake_ollama.host, "m:1")
    assert (failed.cause, failed.outcome) == (cause, TABLE[cause][0])
    assert failed.reason.startswith(TABLE[cause][1])


def test_a_refused_connection_means_that_the_host_is_away():
    failed = failure(f"http://127.0.0.1:{free_port()}")
    assert (failed.outcome, failed.cause) == (Outcome.HOST, Cause.UNREACHABLE)


@pytest.mark.parametrize("host", ["http://nowhere.invalid:1", "ftp://host", "http://host:99999"])
def test_an_address_that_leads_nowhere_means_that_the_host_is_away(host):
    assert failure(host).outcome is Outcome.HOST


@pytest.mark.parametrize("limits", [{}, {"timeout_seconds": 0.2}], ids=["its own", "the attempt's"])
def test_a_connection_that_is_not_accepted_in_time_means_that_the_host_is_away(monkeypatch, limits):
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.5)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for plug in waiting:
            plug.setblocking(False)
            plug.connect_ex(full.getsockname())
        failed = failure(f"http://127.0.0.1:{full.getsockname()[1]}", limits=limits)
        for plug in waiting:
            plug.close()
    assert (failed.outcome, failed.cause) == (Outcome.HOST, Cause.CONNECT_TIMEOUT)


def test_a_rejection_tells_ollamas_own_reason(fake_ollama):
    fake_ollama.script("m:1", [b.Status(code=400, body="no such\x00 option:\n 'heat'")])
    assert failure(fake_ollama.host, "m:1").reason.endswith("HTTP 400 no such option: 'heat'")


def test_a_reason_is_cut_to_500_characters(fake_ollama):
    fake_ollama.script("m:1", [b.Status(code=500, body="why " * 5_000)])
    assert len(failure(fake_ollama.host, "m:1").reason) == 500


@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_is_told(fake_ollama, code):
    fake_ollama.script("m:1", [b.Status(code=code, retry_after=7)])
    assert failure(fake_ollama.host, "m:1").retry_after_seconds == 7.0


def test_a_rejection_has_no_retry_after(fake_ollama):
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
        ("9" * 5_000, None),
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


def test_every_cause_has_its_row():
    assert set(TABLE) == set(Cause)


def test_the_rows_name_every_outcome_of_a_failed_attempt():
    assert {outcome for outcome, _ in TABLE.values()} == set(Outcome) - {
        Outcome.SUCCEEDED,
        Outcome.SKIPPED,  # the breaker's, which never comes here
    }


@pytest.mark.parametrize(
    "request_", [{"options": {"temperature": float("nan")}}, {"model": ""}, {"model": "\ud800"}]
)
def test_a_request_that_cannot_be_sent_is_rejected(fake_ollama, request_):
    failed = failure(fake_ollama.host, **{"model": "ok:1", **request_})
    assert (failed.outcome, failed.cause) == (Outcome.REJECTED, Cause.REJECTED)


@given(st.text() | st.text("0123456789,.:+- ADFGJMNOSTUW", max_size=40))
def test_any_retry_after_is_a_number_or_nothing(value):
    assert retry_after_seconds(value) is None or retry_after_seconds(value) >= 0


def test_an_error_that_nobody_foresaw_is_transient():
    failed = translate(LookupError("what?"), transport.Seen())
    assert (failed.outcome, failed.cause) == (Outcome.TRANSIENT, Cause.UNEXPECTED)


def test_the_message_of_a_foreign_error_is_not_told():
    assert "secret" not in classify.translate(LookupError("secret"), transport.Seen()).reason


def test_a_good_answer_is_no_fault(fake_ollama):
    assert ask(fake_ollama.host).content == "This is the answer of ok:1."
