"""Reading a stream that was written twice, late, by who has lost the run, or by anyone."""

from hypothesis import given
from hypothesis import strategies as st

from workers.streaming.cursors import Take
from workers.streaming.diff import Row, View
from workers.streaming.entries import entry_apply

TEXT = "One day a small model wrote a text."
NOTHING = View(row=Row(status="running", deliveries=1, attempts=()))


def begun(take="1.1"):
    return {b"take": take.encode(), b"begun": b'{"number":1}'}


def said(at, text, take="1.1"):
    return {b"take": take.encode(), b"at": str(at).encode(), b"text": text.encode()}


def read(*entries, view=NOTHING):
    for entry in entries:
        view = entry_apply(view, entry)
    return view


def test_words_follow_their_beginning():
    view = read(begun(), said(0, "Hello"), said(5, " you"))
    assert (view.take, view.begun, view.text) == (Take(1, 1), {"number": 1}, "Hello you")


@given(st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 9)), max_size=30))
def test_in_whatever_pieces_words_come_the_text_is_a_beginning_of_what_was_said(pieces):
    view = read(*[said(at, TEXT[at : at + length]) for at, length in pieces])
    assert TEXT.startswith(view.text)


@given(st.lists(st.integers(1, 9), min_size=1), st.integers(0, 30))
def test_a_stream_that_is_read_twice_says_the_same(lengths, again_from):
    entries, at = [], 0
    for length in lengths:
        entries.append(said(at, TEXT[at : at + length]))
        at = min(at + length, len(TEXT))
    once = read(begun(), *entries)
    assert once.text == TEXT[:at]
    assert read(begun(), *entries[again_from:], view=once) == once


def test_what_comes_after_a_gap_waits_until_all_is_said_again():
    view = read(begun(), said(0, "One"), said(7, " a small"))
    assert view.text == "One"
    assert read(said(0, "One day a small"), view=view).text == "One day a small"


def test_whoever_has_lost_the_run_is_not_heard():
    view = read(begun("2.1"), said(0, "New", "2.1"))
    assert read(said(0, "Old words", "1.3"), begun("1.4"), view=view) == view


def test_a_later_attempt_begins_with_nothing():
    view = read(begun(), said(0, "Hello"), begun("1.2"))
    assert (view.take, view.text) == (Take(1, 2), "")


@given(
    st.dictionaries(
        st.sampled_from([b"take", b"begun", b"at", b"text", b"x"]),
        st.one_of(st.binary(max_size=6), st.sampled_from([b"1.1", b"1", b"-3", b"{}"])),
    )
)
def test_what_anyone_writes_into_a_stream_is_no_error(entry):
    assert entry_apply(NOTHING, entry).row == NOTHING.row
