"""The pace at which parked runs come back."""

from hypothesis import given
from hypothesis import strategies as st

from workers.gates.pace import LEAST, MOST, Pace


def test_it_doubles_while_everything_released_is_answered():
    pace, released, rooms = Pace(), 0, []
    for _ in range(4):
        released = pace.room(waiting=0, answered=released)
        rooms.append(released)
    assert rooms == [LEAST, 2 * LEAST, 4 * LEAST, 8 * LEAST]


def test_it_does_not_grow_while_nothing_is_released():
    pace = Pace()
    assert {pace.room(waiting=0, answered=0) for _ in range(60)} == {LEAST}


def test_it_releases_none_while_those_released_wait_for_a_slot():
    pace = Pace()
    pace.room(waiting=0, answered=0)
    assert pace.room(waiting=LEAST, answered=0) == 0


def test_it_fills_up_what_has_begun():
    pace = Pace()
    pace.room(waiting=0, answered=0)
    assert pace.room(waiting=3, answered=5) == LEAST - 3


counts = st.integers(min_value=0, max_value=10_000)


@given(st.lists(st.tuples(counts, counts)))
def test_never_more_wait_than_the_most_and_never_fewer_than_the_least_may(rounds):
    pace = Pace()
    for waiting, answered in rounds:
        room = pace.room(waiting=waiting, answered=answered)
        assert room == 0 or LEAST <= waiting + room <= MOST


@given(st.lists(counts))
def test_it_grows_by_no_more_than_was_answered(rounds):
    pace = Pace()
    for answered in rounds:
        before = pace.allowance
        pace.room(waiting=0, answered=answered)
        assert pace.allowance <= before + answered
