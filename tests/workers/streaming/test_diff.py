"""What a client is told, of whatever happens to a run."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workers.streaming.watching import put_together
from workers.streaming.cursors import NO_TAKE, START, Cursor, Take, cursor_read
from workers.streaming.diff import Row, View, news

WORDS = "abcdefghijklmnopqrstuvwxyz"


def row(status="running", deliveries=1, attempts=(), result=None):
    final = {"succeeded", "failed", "cancelled", "expired"}
    end = {"status": status, "result": result} if status in final else None
    return Row(status=status, deliveries=deliveries, attempts=tuple(attempts), end=end)


def attempt(number, outcome=None):
    return {"number": number, "outcome": outcome}


FIRST = Take(1, 1)


def view(text="", take=FIRST, **of_row):
    begun = attempt(take.attempt) if take != NO_TAKE else None
    return View(row=row(**of_row), take=take, begun=begun, text=text)


def told(views, cursor=START):
    """The events of a client that sees these views, one after the other."""
    events = []
    for each in views:
        new = list(news(each, cursor))
        cursor = new[-1].cursor if new else cursor
        events += new
    return events


def names(events):
    return [event.name for event in events]


def test_who_comes_into_the_middle_is_told_all_that_holds():
    events = told([view("Hello", attempts=[attempt(1, "slow")], take=Take(1, 2))])
    assert names(events) == ["attempt", "state", "attempt", "text"]
    assert events[-1].data == {"attempt": 2, "delta": "Hello"}


def test_what_was_told_is_not_told_again():
    seen = view("Hello")
    assert not list(news(seen, told([seen])[-1].cursor))


def test_more_words_are_told_alone():
    events = told([view("Hello"), view("Hello you")])
    assert [e.data for e in events if e.name == "text"] == [
        {"attempt": 1, "delta": "Hello"},
        {"attempt": 1, "delta": " you"},
    ]


def test_an_answer_whose_run_was_read_before_it_ended_keeps_its_text():
    # Run and attempts are read by two statements: the transaction that ends both may come between.
    between = view("Hello", attempts=[attempt(1, "succeeded")])
    done = view(
        "Hello", status="succeeded", attempts=[attempt(1, "succeeded")], result={"content": "Hello"}
    )
    assert "reset" not in names(told([view("Hello"), between, done]))


@pytest.mark.parametrize(
    "after",
    [
        view("", take=Take(1, 2)),  # the fallback begins
        view("", take=Take(2, 1)),  # another worker makes the attempt, for the first one was killed
        view("Hello", status="retrying"),  # a back-off
        view("Hello", status="retrying", attempts=[attempt(1, "transient")]),
        view("Hello", attempts=[attempt(1, "slow")]),  # it failed; what follows is not known yet
        view("Hello", deliveries=2),  # somebody else has claimed the run
    ],
)
def test_text_of_an_attempt_that_is_over_is_withdrawn_once(after):
    events = told([view("Hello"), after, after])
    assert [e.data for e in events if e.name == "reset"] == [{"attempt": 1}]
    assert put_together(events) == ""


def test_an_attempt_begins_for_a_client_after_those_before_it_have_ended():
    events = told([view("Hello"), view("By", take=Take(1, 2))])
    assert names(events)[-1] == "reset"
    events = told([view("Hello"), view("By", take=Take(1, 2), attempts=[attempt(1, "slow")])])
    assert [(e.name, e.data.get("number")) for e in events][-4:-1] == [
        ("attempt", 1),
        ("reset", None),
        ("attempt", 2),
    ]


def test_nothing_is_withdrawn_of_which_nothing_was_said():
    assert "reset" not in names(told([view(""), view("", take=Take(1, 2))]))


def test_a_worker_that_speaks_is_running_whatever_an_older_look_said():
    events = told([view("", take=NO_TAKE, status="queued", deliveries=0)])
    assert events[0].data == {"status": "queued"}
    events = told([view("Hi", status="queued", deliveries=0)])
    assert events[0].data == {"status": "running"}


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired"])
def test_what_was_said_last_stays_where_there_is_no_result(status):
    events = told([view("Hello"), view("Hello", status=status, attempts=[attempt(1, "final")])])
    assert names(events)[-3:] == ["attempt", "state", "end"]
    assert put_together(events) == "Hello"


@pytest.mark.parametrize(
    ("said", "result", "resets"),
    [
        ("Hello", "Hello you", 0),  # the rest of it
        ("", "Hello", 0),
        ("Hello", "Hello", 0),
        ("```\nHello", "Hello", 1),  # the fence was taken off
    ],
)
def test_in_the_end_a_client_has_the_result_exactly(said, result, resets):
    ended = {"status": "succeeded", "attempts": [attempt(1, "succeeded")]}
    events = told([view(said), view(said, **ended, result={"content": result})])
    assert put_together(events) == result
    assert names(events).count("reset") == resets
    assert names(events)[-1] == "end"


def test_a_result_without_text_is_told_at_the_end_alone():
    ended = view(status="succeeded", attempts=[attempt(1, "succeeded")], result={"rows": 3})
    assert "text" not in names(told([ended]))


def test_without_the_stream_a_client_that_has_a_part_begins_again():
    cursor = Cursor(take=Take(1, 1), characters=3, status="running")
    lost = view(
        take=NO_TAKE,
        status="succeeded",
        attempts=[attempt(1, "succeeded")],
        result={"content": "Hello"},
    )
    events = told([lost], cursor)
    assert [(e.name, e.data) for e in events if e.name in {"reset", "text"}] == [
        ("reset", {"attempt": 1}),
        ("text", {"attempt": 1, "delta": "Hello"}),
    ]


def test_who_was_told_the_end_is_told_nothing():
    ended = view("Hello", status="failed")
    assert not list(news(ended, told([ended])[-1].cursor))


@st.composite
def histories(draw):
    """The views that a process has of one run, in order: deliveries, attempts, words, an end."""
    seen = [view(take=NO_TAKE, status="queued", deliveries=0)]
    ended: list[dict[str, object]] = []
    for delivery in range(1, draw(st.integers(1, 3)) + 1):
        killed = draw(st.booleans())
        for _ in range(draw(st.integers(1, 2))):
            take = Take(delivery, len(ended) + 1)
            text = ""
            for piece in draw(st.lists(st.text(WORDS, max_size=3), max_size=4)):
                text += piece
                # The look at the row may come late.
                known = draw(st.sampled_from([delivery - 1, delivery]))
                status = "queued" if known < delivery else "running"
                seen.append(view(text, take, status=status, deliveries=known, attempts=list(ended)))
            if not killed:
                ended = [*ended, attempt(take.attempt, "transient")]
                state = draw(st.sampled_from(["running", "retrying"]))
                seen.append(view(text, take, status=state, deliveries=delivery, attempts=ended))
        seen.append(view(text, take, status="retrying", deliveries=delivery, attempts=ended))
    last = Take(take.delivery + 1, len(ended) + 1)
    words = draw(st.text(WORDS, max_size=9))
    seen.append(view(words, last, deliveries=last.delivery, attempts=ended))
    of_end = {
        "deliveries": last.delivery,
        "attempts": [*ended, attempt(last.attempt, "succeeded")],
        "status": "succeeded",
        "result": {"content": words + draw(st.text(WORDS, max_size=3))},
    }
    seen.append(view(words, last, **of_end))
    return seen


@settings(max_examples=300)
@given(histories(), st.data())
def test_a_client_that_comes_and_goes_has_the_result_in_the_end(seen, data):
    events, cursor = [], START
    for each in seen:
        if data.draw(st.booleans()):
            continue  # away, or slow
        new = list(news(each, cursor))
        if new:
            # The connection may break after any of them.
            new = new[: data.draw(st.integers(1, len(new)))]
            cursor = cursor_read(str(new[-1].cursor))
        events += new
    events += news(seen[-1], cursor)
    content = seen[-1].row.content
    assert put_together(events) == content
    assert names(events).count("end") == 1
    assert names(events)[-1] == "end"
    ended = [e.data["number"] for e in events if e.name == "attempt" and e.data["outcome"]]
    assert ended == [a["number"] for a in seen[-1].row.attempts]
    states = [e.data["status"] for e in events if e.name == "state"]
    assert all(a != b for a, b in pairwise(states))


@given(histories(), st.integers(0, 40))
def test_a_client_without_the_words_has_the_result_all_the_same(seen, away_from):
    """From some moment on Redis is away."""
    deaf = [replace(each, take=NO_TAKE, begun=None, text="") for each in seen[away_from:]]
    events = told([*seen[:away_from], *deaf, replace(seen[-1], take=NO_TAKE, text="")])
    assert put_together(events) == seen[-1].row.content
    assert names(events).count("end") == 1
