"""An event's id says how far a client is, and nothing else is taken for one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.streaming.cursors import ENDED, PATTERN, START, Cursor, Take, cursor_read

NUMBERS = st.integers(0, 999_999_999)
STATUSES = st.sampled_from(["", ENDED, "pending", "running", "succeeded"])


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, STATUSES)
def test_an_id_is_read_as_it_was_written(delivery, attempt, characters, attempts, status):
    cursor = Cursor(
        take=Take(delivery, attempt), characters=characters, attempts=attempts, status=status
    )
    assert cursor_read(str(cursor)) == cursor
    assert re.search(PATTERN, str(cursor))


def test_only_the_last_event_has_the_id_of_the_end():
    assert not START.ended
    assert cursor_read("1.1.5.1.end").ended
    assert not cursor_read("1.1.5.1.succeeded").ended


@pytest.mark.parametrize(
    "text",
    [
        "-",
        "0-0",
        "1.1.5.1",
        "1.1.5.1.",
        "1.1.5.1.Running",
        "-1.1.5.1.-",
        "1.1.5.1.running\n",
        "1.1.5.1.running.1",
        "١.1.5.1.running",
        "1234567890.1.5.1.running",
        "1.1.5.1.running\x00",
    ],
)
def test_whatever_else_is_refused(text):
    with pytest.raises(ValueError, match=re.escape(text)):
        cursor_read(text)


@given(st.text())
def test_no_text_does_more_than_be_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        cursor_read(text + "?")


def test_a_later_delivery_is_later_whatever_the_attempts_number():
    assert Take(2, 1) > Take(1, 3) > Take(1, 2)
