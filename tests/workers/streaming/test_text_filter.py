"""What is shown while a model writes is the beginning of what the result will be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.backends.output import text_checked
from workers.backends.thinking import cut_thinking
from workers.streaming.text_filter import Tidy

#: Text with much space, and with what neither PostgreSQL nor UTF-8 holds.
WORDS = st.lists(st.text(alphabet=" \n\ta1ä\x00\ud83d\ude00\u2028", max_size=6), max_size=12)


def shown(pieces, **options):
    tidy = Tidy(**options)
    return "".join(map(tidy.show, pieces))


@given(WORDS)
def test_all_that_was_shown_is_the_result_however_it_was_cut(pieces):
    text = "".join(pieces)
    assert shown(pieces) == shown([text])
    if shown(pieces):
        assert text_checked(text).startswith(shown(pieces))


#: Thinking and special tokens, whole and in halves.
MARKED = st.lists(
    st.sampled_from(
        ["<think>", "</think>", "<thi", "nk>", "<|im_", "end|>", "\n", " ", "a", "\x00"]
    ),
    max_size=10,
)


@given(MARKED)
def test_what_the_result_lacks_was_shown_at_most_before_an_end_of_thinking_that_began_nowhere(
    pieces,
):
    text = "".join(pieces)
    cut = cut_thinking(text.replace("\x00", ""))
    if shown(pieces) and not cut.began_inside:
        assert text_checked(text).startswith(shown(pieces))
    behind_end = shown(pieces, begins_inside=True)
    # A second end makes thinking of what stood behind the first.
    if behind_end and text.replace("\x00", "").count("</think>") == 1:
        assert text_checked(text).startswith(behind_end)


def test_after_an_end_of_thinking_that_began_nowhere_nothing_more_is_shown():
    tidy = Tidy()
    pieces = ["Let me see.", "\n</think>", "\nThe answer"]
    assert [tidy.show(piece) for piece in pieces] == ["Let me see.", "", ""]


def test_where_that_end_is_expected_only_the_answer_is_shown():
    tidy = Tidy(begins_inside=True)
    pieces = ["Let me see.", "\n</think>", "\nThe answer"]
    assert [tidy.show(piece) for piece in pieces] == ["", "", "The answer"]


@pytest.mark.parametrize(
    ("pieces", "each"),
    [
        (["\n ", "Hello", " ", "you", "\n\n"], ["", "Hello", "", " you", ""]),
        (["a\ud83d", "\ude00b"], ["a", "\U0001f600b"]),
        (["a\x00", "\x00b"], ["a", "b"]),
        (["<think>a", "</thi", "nk>\n", "b"], ["", "", "", "b"]),
        (["a<|im", "_end|>"], ["a", ""]),
        (["a<|im", " b"], ["a", "<|im b"]),
    ],
)
def test_space_is_shown_when_more_follows(pieces, each):
    tidy = Tidy()
    assert [tidy.show(piece) for piece in pieces] == each
