"""What one host generates: tokens at their pace, true durations, prompts in their window."""

import asyncio
import json

import httpx
import ollama
import pytest

from workers.testing import behaviours as b
from workers.testing.fake_ollama import FakeOllama
from workers.testing.one_host import OneHost, Pace

SCHEMA = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}


def test_an_answer_has_its_tokens_one_each_and_its_seconds(run):
    async def scenario(asking):
        stream = await asking.client.chat("a:1", [{"role": "user", "content": "hi"}], stream=True)
        return [chunk async for chunk in stream]

    chunks = run(scenario, pace=Pace(tokens=10, seconds=0.3, prompt_seconds=0.2))
    assert len(chunks) == 11
    last = chunks[-1]
    assert (last.eval_count, last.done_reason) == (10, "stop")
    assert last.eval_duration / 1e9 >= 0.3
    assert last.prompt_eval_duration / 1e9 >= 0.2


def test_num_predict_shortens_an_answer_in_proportion(run):
    async def scenario(asking):
        return await asking.chat("a:1", options={"num_predict": 3})

    answer = run(scenario, pace=Pace(tokens=100, seconds=20))
    assert (answer.eval_count, answer.done_reason) == (3, "length")
    assert 0.6 <= answer.eval_duration / 1e9 < 20


def test_a_schema_is_answered_with_json_that_fits_it(run):
    async def scenario(asking):
        return await asking.chat("a:1", format=SCHEMA)

    assert json.loads(run(scenario).message.content) == {"ok": True}


@pytest.mark.parametrize(
    "pace", [{"a:1": Pace(tokens=2)}, lambda body: Pace(tokens=len(body["messages"]) + 1)]
)
def test_the_pace_may_be_each_models_or_each_requests(run, pace):
    async def scenario(asking):
        return (await asking.chat("a:1")).eval_count

    assert run(scenario, pace=pace) == 2


def test_a_behaviour_acts_in_the_requests_place(run):
    async def scenario(asking):
        asking.fake.script("a:1", [b.Status(code=503), b.Ok(text="Two words")])
        with pytest.raises(ollama.ResponseError):
            await asking.chat("a:1")
        return (await asking.chat("a:1")).message.content

    assert run(scenario) == "Two words"


def test_a_model_that_is_missing_or_cannot_be_loaded_takes_no_place(run):
    async def scenario(asking):
        for model, status in (("missing:1", 404), ("load-fails:1", 500)):
            with pytest.raises(ollama.ResponseError) as caught:
                await asking.chat(model)
            assert caught.value.status_code == status
        return {model for model, figures in asking.fake.statistics.items() if figures.loads}

    assert run(scenario) == set()


def test_running_models_are_listed_whatever_goes_on(run):
    async def scenario(asking):
        holder = await asking.start("silent:1")
        waiting = [await asking.start(model) for model in ("silent:1", "b:1")]
        listed = await asking.client.ps()
        for task in (holder, *waiting):
            task.cancel()
        return [model.model for model in listed.models]

    assert run(scenario, max_loaded=1) == ["silent:1"]


LONG = {
    "model": "a:1",
    "messages": [{"role": "user", "content": "word " * 3000}],
    "options": {"num_ctx": 512},
    "stream": False,
}


def post(body, **settings):
    with FakeOllama(one_host=OneHost(load_seconds=0, pace=Pace(seconds=0.0), **settings)) as fake:
        answer = httpx.post(f"{fake.host}/api/chat", json=body, timeout=10)
        return answer, fake.statistics["a:1"]


def test_a_long_prompt_is_refused_with_both_numbers_where_it_must_not_be_cut():
    answer, statistics = post({**LONG, "truncate": False})
    assert answer.status_code == 400
    assert json.loads(answer.json()["error"]) == {
        "error": {
            "code": 400,
            "message": "request (3010 tokens) exceeds the available context size (512 tokens),"
            " try increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 3010,
            "n_ctx": 512,
        }
    }
    assert (statistics.refused_prompts, statistics.cut_prompts) == (1, 0)


@pytest.mark.parametrize(("window", "count"), [(512, 258), (1024, 514), (2048, 1026)])
def test_a_long_prompt_is_halved_in_silence(window, count):
    answer, statistics = post({**LONG, "options": {"num_ctx": window}})
    assert (answer.status_code, answer.json()["prompt_eval_count"]) == (200, count)
    assert answer.json()["done_reason"] == "stop"
    assert (statistics.refused_prompts, statistics.cut_prompts) == (0, 1)


def test_the_hosts_window_holds_where_none_is_stated():
    answer, _ = post({**LONG, "options": {}}, context_length=1024)
    assert answer.json()["prompt_eval_count"] == 514


@pytest.mark.parametrize(("stated", "held"), [(1, 4), (-1, 4), (9000, 8192), (600, 600)])
def test_a_window_out_of_bounds_is_moved_in_silence(run, stated, held):
    async def scenario(asking):
        await asking.client.generate("a:1", options={"num_ctx": stated})
        return [model.context_length for model in (await asking.client.ps()).models]

    assert run(scenario, longest_context=8192) == [held]


def test_figures_are_read_and_places_changed_by_other_processes(run):
    async def scenario(asking):
        await asyncio.gather(*(asking.chat("a:1") for _ in range(2)))
        async with httpx.AsyncClient(base_url=asking.fake.host) as client:
            figures = (await client.get("/fake/statistics")).json()["a:1"]
            changed = await client.put("/fake/places", json={"places": 2})
            refused = await client.put("/fake/places", json={"places": 0})
            await client.delete("/fake/statistics")
            anew = (await client.get("/fake/statistics")).json()["a:1"]
        return figures, (changed.status_code, refused.status_code), anew

    figures, statuses, anew = run(scenario)
    assert (figures["loads"], figures["answers"], figures["most_open"]) == (1, 2, 2)
    assert figures["generation_seconds"] >= 0.2
    assert statuses == (200, 400)
    assert set(anew.values()) == {0}


def test_the_ordinary_mode_has_no_places(fake_ollama):
    with pytest.raises(ValueError, match="one host"):
        fake_ollama.set_places(2)
    answer = httpx.put(f"{fake_ollama.host}/fake/places", json={"places": 2})
    assert answer.status_code == 400
