import pytest

from devstack.embedded.backoff import Backoff


@pytest.mark.parametrize(
    ("lives", "delays"),
    [
        ([0, 0, 0, 0, 0, 0, 0], [1, 2, 4, 8, 16, 30, 30]),
        # a minute of health and it begins anew
        ([0, 0, 60, 0], [1, 2, 1, 2]),
        ([0, 59.9, 61], [1, 2, 1]),
    ],
)
def test_the_wait_doubles_to_30_seconds_and_health_resets_it(lives, delays):
    backoff = Backoff()
    assert [backoff.after_death(lived) for lived in lives] == delays


def test_a_thousand_deaths_wait_no_longer():
    backoff = Backoff()
    assert [backoff.after_death(0) for _ in range(1000)][-1] == 30
