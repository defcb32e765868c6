"""How long a token is valid, as people write it."""

from datetime import timedelta

import pytest

from config.api.accounts.lifetimes import lifetime_parse


@pytest.mark.parametrize(
    ("text", "lifetime"),
    [
        ("30d", timedelta(days=30)),
        ("12h", timedelta(hours=12)),
        ("30m", timedelta(minutes=30)),
        ("90s", timedelta(seconds=90)),
    ],
)
def test_a_number_with_a_unit_is_a_lifetime(text, lifetime):
    assert lifetime_parse(text) == lifetime


@pytest.mark.parametrize("text", ["", "30", "d", "0d", "-1d", "1.5h", "1y", " 1d", "1d\n", "٣d"])
def test_anything_else_is_refused_with_what_is_accepted(text):
    with pytest.raises(ValueError, match="accepted: a number with s, m, h or d"):
        lifetime_parse(text)
