import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmconfig.values.texts import json_size, printable, sayable, shown


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plain", "plain"),
        ("naïve 語", "naïve 語"),
        ("a\nb", "a\\nb"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\ud800", "\\ud800"),
        ("\u202eabc", "\\u202eabc"),
        ("x" * 100, "x" * 59 + "…"),
    ],
)
def test_what_is_shown_stays_on_its_line(text, told):
    assert printable(text) == told


@given(st.text(st.characters()), st.integers(1, 80))
def test_anything_is_shown_within_its_length_and_can_be_encoded(text, length):
    told = printable(text, length)
    assert len(told) <= length
    assert told.isprintable()
    told.encode()


@pytest.mark.parametrize("value", ["x" * 10**6, ["x"] * 10**6, 10**300, None])
def test_any_value_is_shown_cut(value):
    assert len(shown(value)) <= 60


def test_a_size_counts_escapes():
    assert (json_size("a"), json_size("é"), json_size("😀")) == (3, 8, 14)


@pytest.mark.parametrize(
    ("text", "told"), [("naïve\n😀", "naïve\n😀"), ("a\0b", "a\\x00b"), ("\udfff", "\\udfff")]
)
def test_what_is_sayable_stays_as_it_is_but_for_what_no_encoding_holds(text, told):
    assert sayable(text) == told
