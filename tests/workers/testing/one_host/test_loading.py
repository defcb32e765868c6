"""Loads, evictions and the pending queue of one host."""

import asyncio

import httpx
import ollama
import pytest

from workers.testing import behaviours as b
from workers.testing.fake_ollama import FakeOllama
from workers.testing.one_host import OneHost

WINDOW = {"num_ctx": 512}


def loads(asking):
    return {model: figures.loads for model, figures in asking.fake.statistics.items()}


async def running(asking):
    return [model.model for model in (await asking.client.ps()).models]


def test_a_load_takes_its_time_once_for_all_who_wait(run):
    async def scenario(asking):
        answers = await asyncio.gather(*(asking.chat("a:1") for _ in range(3)))
        return loads(asking), answers

    counted, answers = run(scenario, load_seconds=0.3, places=3)
    assert counted == {"a:1": 1}
    assert all(answer.load_duration > 0.25e9 for answer in answers)


def test_load_seconds_may_be_those_of_each_model(run):
    async def scenario(asking):
        return [(await asking.chat(model)).load_duration / 1e9 for model in ("slow:1", "fast:1")]

    slow, fast = run(scenario, load_seconds={"slow:1": 0.3})
    assert fast < slow >= 0.3


def test_a_load_without_a_prompt_answers_when_it_is_loaded(run):
    async def scenario(asking):
        answer = await asking.client.generate("a:1")
        return answer.done_reason, await running(asking)

    assert run(scenario) == ("load", ["a:1"])


@pytest.mark.parametrize(
    "second", [{"options": WINDOW}, {"options": {"num_thread": 2}}, {"options": {"num_batch": 64}}]
)
def test_another_runner_option_loads_the_model_anew(run, second):
    async def scenario(asking):
        await asking.chat("a:1")
        await asking.chat("a:1", **second)
        return loads(asking)

    assert run(scenario) == {"a:1": 2}


@pytest.mark.parametrize(("field", "count"), [("shift", 2), ("truncate", 1)])
def test_shift_loads_anew_and_truncate_does_not(run, field, count):
    async def scenario(asking):
        await asking.chat("a:1")
        body = {"model": "a:1", "prompt": "hi", field: False}
        async with httpx.AsyncClient(base_url=asking.fake.host) as client:
            assert (await client.post("/api/generate", json=body)).status_code == 200
        return loads(asking)

    assert run(scenario) == {"a:1": count}


def test_the_default_window_when_stated_does_not_load_anew(run):
    async def scenario(asking):
        await asking.chat("a:1")
        await asking.chat("a:1", options={"num_ctx": 4096})
        return loads(asking)

    assert run(scenario) == {"a:1": 1}


def test_another_model_waits_until_the_one_that_must_leave_is_idle(run):
    async def scenario(asking):
        asking.fake.script("a:1", [b.Silent()])
        holder, waiting = await asking.start("a:1"), await asking.start("b:1")
        await asyncio.sleep(0.2)
        assert await running(asking) == ["a:1"]
        holder.cancel()
        answer = await waiting
        return answer, await running(asking)

    answer, left = run(scenario, max_loaded=1)
    assert left == ["b:1"]
    assert answer.load_duration >= 0.2e9  # the wait for the other model to leave


def test_a_model_that_is_asked_for_steadily_starves_the_other(run):
    async def scenario(asking):
        async with asking.steady("a:1"):
            starving = await asking.start("b:1")
            seen = len(asking.order)
            await asking.until(lambda: len(asking.order) > seen + 5)
            assert set(asking.order) == {"a:1"}
        await starving
        return asking.order[-1]

    assert run(scenario, max_loaded=1, places=5) == "b:1"


def test_all_behind_the_head_wait_too_while_the_loaded_model_is_passed_through(run):
    async def scenario(asking):
        asking.fake.load("a:1", "c:1")
        asking.fake.script("a:1", [b.Silent()])
        asking.fake.script("c:1", [b.Silent()])
        holders = [await asking.start("a:1"), await asking.start("c:1")]
        waiting = [await asking.start(model) for model in ("b:1", "d:1")]
        asking.fake.set_places(2)
        await asking.chat("a:1")
        assert asking.order == ["a:1"]
        holders[0].cancel()
        await waiting[0]
        await waiting[1]
        holders[1].cancel()
        return asking.order

    assert run(scenario, max_loaded=2) == ["a:1", "b:1", "d:1"]


def test_a_positive_keep_alive_undoes_an_eviction_that_waits(run):
    async def scenario(asking):
        asking.fake.script("a:1", [b.Silent()])
        holder, waiting = await asking.start("a:1"), await asking.start("b:1")
        await asking.chat("a:1", keep_alive="1m")
        holder.cancel()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(waiting), 0.5)
        waiting.cancel()
        return await running(asking)

    assert run(scenario, max_loaded=1, places=2) == ["a:1"]


@pytest.mark.parametrize("more", [{}, {"keep_alive": 0}])
def test_a_request_without_a_positive_keep_alive_does_not(run, more):
    async def scenario(asking):
        asking.fake.script("a:1", [b.Silent()])
        holder, waiting = await asking.start("a:1"), await asking.start("b:1")
        await asking.chat("a:1", **more)
        holder.cancel()
        return (await waiting).done

    assert run(scenario, max_loaded=1, places=2)


def test_the_victim_is_idle_before_it_is_of_short_keep_alive_or_first_by_name(run):
    async def scenario(asking):
        asking.fake.script("a:1", [b.Silent()])
        holder = await asking.start("a:1", keep_alive="1m")
        for model, keep_alive in (("d:1", "9m"), ("b:1", "2m"), ("c:1", "2m")):
            await asking.chat(model, keep_alive=keep_alive)
        left = []
        for model in ("e:1", "f:1"):
            await asking.chat(model, keep_alive="10m")
            left.append(sorted(await running(asking)))
        holder.cancel()
        return left

    assert run(scenario, max_loaded=4) == [
        ["a:1", "c:1", "d:1", "e:1"],
        ["a:1", "d:1", "e:1", "f:1"],
    ]


def test_a_client_that_leaves_the_pending_queue_lets_the_next_be_its_head(run):
    async def scenario(asking):
        asking.fake.script("a:1", [b.Silent()])
        holder = await asking.start("a:1")
        leaving, staying = await asking.start("b:1"), await asking.start("c:1")
        leaving.cancel()
        await asking.until(lambda: asking.fake.statistics["b:1"].open == 0)
        holder.cancel()
        await staying
        return loads(asking)

    assert run(scenario, max_loaded=1) == {"a:1": 1, "b:1": 0, "c:1": 1}


def test_a_load_is_given_up_when_all_who_waited_for_it_have_left(run):
    async def scenario(asking):
        task = await asking.start("a:1")
        await asking.until(lambda: loads(asking) == {"a:1": 1})
        task.cancel()
        await asking.until(lambda: asking.fake.statistics["a:1"].open == 0)
        return await running(asking)

    assert run(scenario, load_seconds=60) == []


def test_a_full_pending_queue_is_refused(run):
    async def scenario(asking):
        asking.fake.script("a:1", [b.Silent()])
        holder = await asking.start("a:1")
        waiting = await asking.start("b:1")
        with pytest.raises(ollama.ResponseError, match="maximum pending requests") as caught:
            await asking.chat("c:1")
        for task in (holder, waiting):
            task.cancel()
        return caught.value.status_code

    assert run(scenario, max_loaded=1, max_queue=1) == 503


def test_with_no_keep_alive_a_model_is_gone_as_soon_as_it_is_idle(run):
    async def scenario(asking):
        await asking.client.generate("a:1")
        after_load = await running(asking)
        await asking.chat("a:1")
        await asking.until(lambda: asking.fake.statistics["a:1"].open == 0)
        return after_load, await running(asking), loads(asking)

    assert run(scenario, keep_alive=0) == ([], [], {"a:1": 2})


def test_keep_alive_of_a_request_comes_before_the_servers(run):
    async def scenario(asking):
        await asking.chat("a:1", keep_alive=60)
        await asking.chat("b:1", keep_alive=0)
        await asking.until(lambda: asking.fake.statistics["b:1"].open == 0)
        return await running(asking)

    assert run(scenario, keep_alive=0) == ["a:1"]


def test_an_idle_model_is_unloaded_after_its_keep_alive(run):
    async def scenario(asking):
        await asking.chat("a:1")
        assert await running(asking) == ["a:1"]
        while await running(asking):
            await asyncio.sleep(0.02)

    run(scenario, keep_alive=1.5)


def test_keep_alive_0_without_a_prompt_unloads_never_in_the_middle_of_an_answer(run):
    async def scenario(asking):
        task = await asking.start("silent:1")
        answer = await asking.client.generate("silent:1", keep_alive=0)
        during = await running(asking)
        task.cancel()
        await asking.until(lambda: asking.fake.statistics["silent:1"].open == 0)
        return answer.done_reason, during, await running(asking)

    assert run(scenario) == ("unload", ["silent:1"], [])


def test_a_server_that_starts_again_has_nothing_loaded():
    with FakeOllama(one_host=OneHost(load_seconds=0)) as fake, ollama.Client(fake.host) as client:
        client.generate("a:1")
        fake.stop()
        fake.start()
        assert client.ps().models == []


def test_what_is_resident_is_loaded_from_the_start():
    with (
        FakeOllama(one_host=OneHost(), resident=["a:1"]) as fake,
        ollama.Client(fake.host) as client,
    ):
        assert [model.context_length for model in client.ps().models] == [4096]
        fake.unload()
        assert client.ps().models == []
