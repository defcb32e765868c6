"""The pace at which parked runs come back."""

from hypothesis import given
from hypothesis import strategies as st

from workers.pace import LEAST, MOST, Pace


def test_it_doubles_while_everything_released_has_begun():
    pace = Pace()
    assert [pace.room(waiting=0) for _ in range(4)] == [LEAST, 2 * LEAST, 4 * LEAST, 8 * LEAST]


def test_it_releases_none_while_those_released_wait_for_a_slot():
    pace = Pace()
    pace.room(waiting=0)
    assert pace.room(waiting=LEAST) == 0


def test_it_fills_up_what_has_begun():
    pace = Pace()
    pace.room(waiting=0)
    assert pace.room(waiting=3) == LEAST - 3


@given(st.lists(st.integers(min_value=0, max_value=10_000)))
def test_never_more_wait_than_the_most_and_never_fewer_than_the_least_may(waits):
    pace = Pace()
    for waiting in waits:
        room = pace.room(waiting)
        assert room == 0 or LEAST <= waiting + room <= MOST
