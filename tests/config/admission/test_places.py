"""Places are given in order, to whoever still waits; none is lost and none is made."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.admission.places import NoPlace, Places


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario(), 30))


def places(most=1, *, waiting_most=100, wait_seconds=30, **clock):
    return Places(most, waiting_most=waiting_most, wait_seconds=wait_seconds, **clock)


async def turns():
    """Let every task go on as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_who_waited_longest_is_next():
    async def scenario():
        one, order = places(), []

        async def ask(number):
            await one.take()
            order.append(number)
            one.release()

        await one.take()
        asking = [asyncio.create_task(ask(number)) for number in range(5)]
        await turns()
        assert order == []
        one.release()
        await asyncio.gather(*asking)
        return order

    assert run(scenario) == [0, 1, 2, 3, 4]


def test_where_too_many_wait_nobody_else_may():
    async def scenario():
        one = places(waiting_most=1)
        await one.take()
        waiting = asyncio.create_task(one.take())
        await turns()
        with pytest.raises(NoPlace):
            await one.take()
        one.release()
        await waiting

    run(scenario)


def test_the_wait_is_bounded_and_leaves_no_trace():
    async def scenario():
        one = places(wait_seconds=0.01)
        await one.take()
        with pytest.raises(NoPlace):
            await one.take()
        one.release()
        await one.take()

    run(scenario)


def test_who_would_wait_too_long_is_refused_at_once():
    """Places come free every 0.3 s: three get one within a second, the fourth would not."""

    async def scenario():
        now = [0.0]
        one = places(wait_seconds=1, clock=lambda: now[0])
        await one.take()
        asking = [asyncio.create_task(one.take()) for _ in range(4)]
        for _ in range(2):
            await turns()
            now[0] += 0.3
            one.release()
        await turns()
        asking.append(asyncio.create_task(one.take()))
        await turns()
        assert [task.done() for task in asking] == [True, True, False, False, False]
        with pytest.raises(NoPlace):
            await one.take()
        for _ in range(3):
            one.release()
        await asyncio.gather(*asking)

    run(scenario)


def test_after_a_slow_moment_as_many_as_there_are_places_wait_again():
    async def scenario():
        now = [0.0]
        one = places(wait_seconds=1, clock=lambda: now[0])
        await one.take()
        asking = [asyncio.create_task(one.take()) for _ in range(2)]
        for _ in range(2):
            await turns()
            now[0] += 60
            one.release()
        waiting = asyncio.create_task(one.take())
        await turns()
        with pytest.raises(NoPlace):
            await one.take()
        one.release()
        await asyncio.gather(waiting, *asking)

    run(scenario)


@given(st.lists(st.sampled_from(["ask", "leave", "release"]), max_size=60), st.integers(1, 3))
def test_whoever_comes_and_goes_there_are_never_more_or_fewer_places(steps, most):
    async def scenario():
        some, asking, held = places(most), [], 0
        for step in steps:
            if step == "ask":
                asking.append(asyncio.create_task(some.take()))
            elif step == "leave" and asking:
                asking.pop(len(asking) // 2).cancel()
                # Without a turn of the loop between: a place that comes at the same moment.
            elif step == "release" and held:
                some.release()
                held -= 1
            if step != "leave":
                await turns()
            held += sum(task.done() for task in asking)
            asking = [task for task in asking if not task.done()]
            assert held <= most
        await turns()
        held += sum(task.done() and not task.cancelled() for task in asking)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        for _ in range(held):
            some.release()
        for _ in range(most):
            async with asyncio.timeout(5):
                await some.take()

    run(scenario)
