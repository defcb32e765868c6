"""One reader of durations for files, variables, forms and commands."""

import pytest

from llmconfig.values.durations import DAY, duration_forms, duration_parse, duration_written
from llmconfig.values.kinds import Refused, Seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("90s", 90),
        (" 2m ", 120),
        ("1m30s", 90),
        ("1m30", 90),
        ("1h30m", 5400),
        ("12h", 43_200),
        ("1d", DAY),
        ("1d12h", DAY + 43_200),
        ("1d1h1m1s", DAY + 3661),
        ("31536000", 365 * DAY),
    ],
)
def test_a_duration_is_seconds_or_days_hours_minutes_and_seconds(text, seconds):
    assert duration_parse(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "s", "d", "60x", "1.5m", "-5s", "5 s", "2m2m", "30s1m", "1y", "٣s", "1m1d"]
)
def test_anything_else_is_no_duration(text):
    assert duration_parse(text) is None


@pytest.mark.parametrize("seconds", [0, 1, 59, 60, 90, 3600, 5400, DAY, 30 * DAY])
def test_what_is_written_is_read_as_the_same(seconds):
    assert duration_parse(duration_written(seconds)) == seconds


@pytest.mark.parametrize("bounds", [(1, 300), (0, 3600), (1, DAY), (300, 900), (1, 30), (500, 600)])
def test_every_example_lies_within_the_bounds_that_it_is_shown_with(bounds):
    forms = str(duration_forms(*bounds)).replace(" or ", ", ").split(", ")
    kind = Seconds(*bounds)
    assert len(forms) >= 2
    assert all(bounds[0] <= kind.parse_written(form) <= bounds[1] for form in forms)


def test_bounds_of_more_than_a_day_are_told_in_days():
    with pytest.raises(Refused, match="1s to 36500d, written as 60, 60s, 2m, 1h30m or 1d"):
        Seconds(1, 36_500 * DAY).parse_written("forever")
