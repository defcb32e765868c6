"""Places of a loaded model: what is beyond waits in order, without a byte."""

import asyncio

import httpx
import pytest

from workers.testing import behaviours as b
from workers.testing.one_host import Pace


def waited(answer):
    """Seconds in the server's own queue, as its last chunk says."""
    spent = answer.load_duration + answer.prompt_eval_duration + answer.eval_duration
    return (answer.total_duration - spent) / 1e9


def test_one_request_is_in_service_with_one_place_and_the_rest_in_order(run):
    async def scenario(asking):
        tasks = [await asking.start("a:1", tag=number) for number in range(4)]
        answers = await asyncio.gather(*tasks)
        return asking.order, answers, asking.fake.statistics["a:1"]

    order, answers, statistics = run(scenario, pace=Pace(tokens=4, seconds=0.5))
    assert order == [0, 1, 2, 3]
    assert (statistics.most_open, statistics.most_in_service) == (4, 1)
    waits = [waited(answer) for answer in answers]
    assert waits == sorted(waits)
    assert waits[3] > 0.5


@pytest.mark.parametrize("places", [1, 2, 4])
def test_as_many_are_in_service_as_there_are_places(run, places):
    async def scenario(asking):
        tasks = [await asking.start("silent:1") for _ in range(6)]
        statistics = asking.fake.statistics["silent:1"]
        await asking.until(lambda: statistics.open == 6)
        for task in tasks:
            task.cancel()
        return statistics.in_service

    assert run(scenario, places=places) == places


def test_places_are_those_of_each_model(run):
    async def scenario(asking):
        asking.fake.script("b:1", [b.Silent()])
        tasks = [await asking.start(model) for model in ("silent:1", "b:1")]
        statistics = asking.fake.statistics
        await asking.until(lambda: statistics["silent:1"].in_service == 1)
        await asking.until(lambda: statistics["b:1"].in_service == 1)
        for task in tasks:
            task.cancel()

    run(scenario)


def test_places_change_while_requests_wait(run):
    async def scenario(asking):
        tasks = [await asking.start("silent:1") for _ in range(3)]
        statistics = asking.fake.statistics["silent:1"]
        await asking.until(lambda: statistics.in_service == 1)
        asking.fake.set_places(3)
        await asking.until(lambda: statistics.in_service == 3)
        for task in tasks:
            task.cancel()

    run(scenario)


def test_fewer_places_take_effect_as_requests_end(run):
    async def scenario(asking):
        tasks = [await asking.start("silent:1") for _ in range(4)]
        statistics = asking.fake.statistics["silent:1"]
        await asking.until(lambda: (statistics.open, statistics.in_service) == (4, 2))
        asking.fake.set_places(1)
        in_service = []
        for left in (3, 2, 1):
            tasks.pop(0).cancel()
            await asking.until(lambda left=left: statistics.open == left)
            in_service.append(statistics.in_service)
        tasks.pop().cancel()
        return in_service

    assert run(scenario, places=2) == [1, 1, 1]


@pytest.mark.parametrize("stream", [True, False])
def test_what_waits_gets_no_byte_not_even_a_head(run, stream):
    async def scenario(asking):
        holder = await asking.start("silent:1")
        body = {"model": "silent:1", "prompt": "hi", "stream": stream}
        async with httpx.AsyncClient(base_url=asking.fake.host, timeout=0.3) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.send(
                    client.build_request("POST", "/api/generate", json=body), stream=True
                )
        holder.cancel()

    run(scenario)


def test_a_client_that_leaves_frees_its_place(run):
    async def scenario(asking):
        asking.fake.script("a:1", [b.Silent()])
        holder = await asking.start("a:1")
        waiting = await asking.start("a:1")
        holder.cancel()
        return (await waiting).done

    assert run(scenario)


def test_a_client_that_leaves_the_queue_is_passed_over(run):
    async def scenario(asking):
        asking.fake.script("a:1", [b.Silent()])
        first, second, third = [await asking.start("a:1", tag=number) for number in range(3)]
        second.cancel()
        await asking.until(lambda: asking.fake.statistics["a:1"].open == 2)
        first.cancel()
        await third
        return asking.order, asking.fake.statistics["a:1"].answers

    assert run(scenario) == ([2], 1)
