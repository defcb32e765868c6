"""What models write for a percentage or a list, and what that means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.task_types.coercions import percentage, texts


@pytest.mark.parametrize(
    ("written", "percent"),
    [
        (85, 85),
        (85.0, 85),
        (85.5, 85),
        ("85", 85),
        ("85%", 85),
        ("85 %", 85),
        (" 85 percent. ", 85),
        ("~85%", 85),
        ("85/100", 85),
        ("85 out of 100", 85),
        ("85.5", 85),
        ("８５", 85),
        ("85,5 %", 85),
        (0.85, 85),
        ("0.85", 85),
        ("0,85", 85),
        (".85", 85),
        (0.57, 57),
        (1.0, 100),
        ("1.0", 100),
        (0, 0),
        (0.0, 0),
        (100, 100),
        ("1%", 1),
        ("0.5%", 0),
    ],
)
def test_a_percentage_is_read_as_it_is_meant(written, percent):
    assert percentage(written) == percent
    assert type(percentage(written)) is int


@pytest.mark.parametrize("written", [1, "1"])
def test_a_whole_1_is_not_decided(written):
    with pytest.raises(ValueError, match="1 may mean 1% or 100%"):
        percentage(written)


@pytest.mark.parametrize(
    "written", [101, -1, -0.5, 100.5, True, None, "high", "", "1 of 5", "85%%", "1e2", [85]]
)
def test_what_is_no_percentage_stays_for_the_schema_to_refuse(written):
    assert percentage(written) is written


def test_what_is_no_number_of_percent_stays_out_of_bounds():
    assert percentage("150%") == 150


@given(st.floats(0, 1) | st.floats(1, 100))
def test_no_fraction_with_a_decimal_point_becomes_less_than_its_hundredfold(number):
    percent = percentage(number)
    assert percent == pytest.approx(number * 100 if number <= 1 else number, abs=1)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("planning, review", ["planning", "review"]),
        ("planning", ["planning"]),
        (["planning, review"], ["planning", "review"]),
        ("planning; review\nlogin,", ["planning", "review", "login"]),
        (["planning", "review, late"], ["planning", "review, late"]),
        ([], []),
        ("", []),
        (3, 3),
        ([3], [3]),
    ],
)
def test_one_text_of_several_is_split(written, read):
    assert texts(written) == read
