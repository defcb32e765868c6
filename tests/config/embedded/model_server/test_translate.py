import pytest

from config.embedded.model_server.requests import read_chat, read_generate
from config.embedded.model_server.translate import (
    Tally,
    chat_shape,
    context_length,
    engine_request,
    generate_shape,
    last,
    part,
)

MODEL = "smollm2:135m"
SCHEMA = {"type": "object"}


def chat(**fields):
    messages = [{"role": "user", "content": "Hi"}]
    return read_chat({"model": MODEL, "messages": messages, **fields})


def raw(**fields):
    return read_generate({"model": MODEL, "prompt": "Hi", "raw": True, **fields})


def engine_options(**options):
    return engine_request(chat(options=options))


def test_nothing_of_an_earlier_request_is_reused():
    assert engine_request(chat())["cache_prompt"] is False


def test_the_engine_always_streams_so_that_it_can_be_stopped():
    request = engine_request(chat(stream=False))
    assert (request["stream"], request["return_progress"]) == (True, True)


def test_options_keep_their_names_except_the_limit():
    request = engine_options(temperature=0, top_k=5, repeat_penalty=1.2, num_predict=7, num_ctx=100)
    assert (request["temperature"], request["top_k"], request["repeat_penalty"]) == (0, 5, 1.2)
    assert request["max_tokens"] == 7
    assert {"num_predict", "num_ctx"}.isdisjoint(request)


@pytest.mark.parametrize("limit", [0, -1, -2])
def test_no_limit_means_until_the_model_stops(limit):
    assert "max_tokens" not in engine_options(num_predict=limit)


def test_without_a_seed_the_engine_takes_any():
    assert "seed" not in engine_request(chat())
    assert "seed" not in engine_options(seed=-1)


@pytest.mark.parametrize(("seed", "used"), [(0, 0), (42, 42), (2**32 - 1, 0), (2**32, 1)])
def test_no_seed_wraps_to_the_one_that_means_any(seed, used):
    assert engine_options(seed=seed)["seed"] == used


def test_a_schema_is_handed_to_the_engine():
    expected = {"type": "json_schema", "json_schema": {"schema": SCHEMA}}
    assert engine_request(chat(format=SCHEMA))["response_format"] == expected


def test_json_without_a_schema_is_any_object():
    assert engine_request(chat(format="json"))["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize(("stated", "used"), [(0, 0), (64, 64), (-1, 8192), (10**9, 8192)])
def test_penalties_look_back_over_the_context_at_most(stated, used):
    assert engine_options(repeat_last_n=stated)["repeat_last_n"] == used


@pytest.mark.parametrize(("stated", "schema"), [("json", {}), (SCHEMA, SCHEMA)])
def test_a_raw_prompt_can_be_constrained_too(stated, schema):
    request = engine_request(raw(format=stated))
    assert (request["prompt"], request["json_schema"]) == ("Hi", schema)


@pytest.mark.parametrize(
    ("options", "tokens"),
    [({}, 8192), ({"num_ctx": 100}, 100), ({"num_ctx": 99_999}, 8192), ({"num_ctx": 0}, 8192)],
)
def test_the_context_is_at_most_what_there_is(options, tokens):
    assert context_length(chat(options=options), available=8192) == tokens


def test_chunks_add_up_to_text_and_figures():
    tally = Tally()
    texts = [
        tally.add({"choices": [{"delta": {"role": "assistant", "content": None}}]}),
        tally.add({"choices": [{"delta": {"content": "Hello"}, "finish_reason": None}]}),
        tally.add({"choices": [{"delta": {}, "finish_reason": "length"}]}),
        tally.add(
            {
                "choices": [],
                "usage": {"prompt_tokens": 7, "completion_tokens": 1},
                "timings": {"prompt_ms": 1.5, "predicted_ms": 2.25},
            }
        ),
    ]
    assert texts == ["", "Hello", "", ""]
    assert tally.finish_reason == "length"
    assert tally.metrics(total_nanoseconds=9, load_nanoseconds=1) == {
        "total_duration": 9,
        "load_duration": 1,
        "prompt_eval_count": 7,
        "prompt_eval_duration": 1_500_000,
        "eval_count": 1,
        "eval_duration": 2_250_000,
    }


def test_chunks_of_raw_prompts_carry_text_directly():
    tally = Tally()
    assert tally.add({"choices": [{"text": "Hello", "finish_reason": "stop"}]}) == "Hello"
    assert tally.finish_reason == "stop"


def test_lines_have_ollamas_shape():
    line = part(chat(), chat_shape, "Hello")
    assert list(line) == ["model", "created_at", "message", "done"]
    assert (line["message"], line["done"]) == ({"role": "assistant", "content": "Hello"}, False)

    line = last(raw(), generate_shape, "", "stop")
    assert list(line) == ["model", "created_at", "response", "done", "done_reason"]
    assert (line["response"], line["done"], line["done_reason"]) == ("", True, "stop")
