"""What is shown while a model writes is the beginning of what the result will be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.events.tidy import Tidy
from workers.output import text_checked

#: Text with much space, and with what neither PostgreSQL nor UTF-8 holds.
WORDS = st.lists(st.text(alphabet=" \n\ta1ä\x00\ud83d\ude00\u2028", max_size=6), max_size=12)


def shown(pieces):
    tidy = Tidy()
    return "".join(map(tidy.show, pieces))


@given(WORDS)
def test_all_that_was_shown_is_the_result_however_it_was_cut(pieces):
    text = "".join(pieces)
    assert shown(pieces) == shown([text])
    if shown(pieces):
        assert text_checked(text).startswith(shown(pieces))


@pytest.mark.parametrize(
    ("pieces", "each"),
    [
        (["\n ", "Hello", " ", "you", "\n\n"], ["", "Hello", "", " you", ""]),
        (["a\ud83d", "\ude00b"], ["a", "\U0001f600b"]),
        (["a\x00", "\x00b"], ["a", "b"]),
    ],
)
def test_space_is_shown_when_more_follows(pieces, each):
    tidy = Tidy()
    assert [tidy.show(piece) for piece in pieces] == each
