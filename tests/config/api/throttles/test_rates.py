"""How often something may happen, as settings say it."""

import pytest

from config.api.throttles.rates import Rate, rate_parse


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("60/min", Rate(60, 60)),
        ("5/s", Rate(5, 1)),
        ("100/hour", Rate(100, 3600)),
        (" 1000/day ", Rate(1000, 86_400)),
        ("", None),
        (" ", None),
    ],
)
def test_a_number_per_unit_is_a_rate_and_nothing_is_no_limit(text, rate):
    assert rate_parse(text) == rate


@pytest.mark.parametrize(
    "text", ["0/min", "-1/s", "60", "/min", "60/week", "1.5/s", "1/2s", "60 / min", "٣/s", "no"]
)
def test_anything_else_is_refused_with_what_is_accepted(text):
    with pytest.raises(ValueError, match="accepted: a number per s, min, hour or day"):
        rate_parse(text)
