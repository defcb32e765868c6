"""Scripts say what a model does next, in order or for a span of time."""

import pytest

from workers.testing import behaviours as b
from workers.testing import script
from workers.testing.script import Step, Steps, always


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""

    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(script, "time", clock)
    return clock


def steps(*given):
    made = Steps()
    made.add(given)
    return made


def test_steps_are_taken_one_each_and_then_nothing_is_scripted():
    made = steps(b.Silent(), "http-503")
    assert [made.take() for _ in range(3)] == [b.Silent(), b.Status(code=503), None]


def test_a_step_may_hold_for_several_requests():
    made = steps(Step(behaviour=b.Silent(), times=2), "ok")
    assert [made.take() for _ in range(3)] == [b.Silent(), b.Silent(), b.Ok()]


def test_a_step_may_hold_for_all_requests_to_come():
    made = steps("http-503", always("silent"))
    assert [made.take() for _ in range(4)] == [b.Status(code=503), *[b.Silent()] * 3]


def test_looking_takes_nothing():
    made = steps(b.Silent())
    assert made.peek() == made.peek() == made.take() == b.Silent()


def test_a_span_of_time_comes_before_the_steps_in_order(clock):
    made = steps("ok", Step(behaviour=b.Silent(), from_seconds=10, until_seconds=20))
    clock.now += 10
    assert made.take() == b.Silent()
    clock.now += 10
    assert made.take() == b.Ok()


def test_a_span_of_time_begins_when_it_is_added(clock):
    made = Steps()
    clock.now += 50
    made.add([Step(behaviour=b.Silent(), until_seconds=5)])
    assert made.take() == b.Silent()
    clock.now += 5
    assert made.take() is None


def test_the_same_behaviour_in_a_span_and_in_order_are_two_steps(clock):
    made = steps(b.Silent(), Step(behaviour=b.Silent(), until_seconds=5))
    assert made.take() == b.Silent()
    clock.now += 5
    assert made.take() == b.Silent()
    assert made.take() is None
