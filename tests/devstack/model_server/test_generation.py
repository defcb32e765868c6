"""Chat and generate, asked by the official client."""

import json

import jsonschema
import ollama
import pytest

from tests.devstack.model_server.program import LONG, MODEL, QUICK, SHORT

FIXED = {"temperature": 0, "seed": 1, "num_predict": 12}
ASK = [{"role": "user", "content": "Name three colours."}]
INSIGHT = {
    "type": "object",
    "properties": {
        "content": {"type": "string", "minLength": 1, "maxLength": 80},
        "tags": {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": 12},
            "minItems": 1,
            "maxItems": 3,
        },
        "confidence": {"type": "integer", "minimum": 0, "maximum": 100},
    },
    "required": ["content", "tags", "confidence"],
    "additionalProperties": False,
}


def test_a_chat_answers_with_text_and_figures(client):
    answer = client.chat(MODEL, messages=ASK, options=FIXED)
    assert answer.message.role == "assistant"
    assert answer.message.content.strip()
    assert (answer.model, answer.done, answer.done_reason) == (MODEL, True, "length")
    assert (answer.eval_count, answer.prompt_eval_count > 10) == (12, True)
    assert 0 < answer.eval_duration < answer.total_duration
    assert 0 < answer.prompt_eval_duration < answer.total_duration
    assert 0 <= answer.load_duration < answer.total_duration


def test_a_generate_answers_with_text_and_figures(client):
    answer = client.generate(MODEL, prompt="Name three colours.", options=FIXED)
    assert answer.response == client.chat(MODEL, messages=ASK, options=FIXED).message.content
    assert (answer.done_reason, answer.eval_count) == ("length", 12)


def test_a_streamed_chat_adds_up_to_the_whole_one(client):
    parts = list(client.chat(MODEL, messages=ASK, options=FIXED, stream=True))
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    whole = client.chat(MODEL, messages=ASK, options=FIXED)
    assert "".join(part.message.content for part in parts) == whole.message.content
    assert (parts[-1].eval_count, parts[-1].done_reason) == (12, "length")


def test_a_streamed_generate_adds_up_to_the_whole_one(client):
    parts = list(client.generate(MODEL, prompt="Name three colours.", options=FIXED, stream=True))
    whole = client.generate(MODEL, prompt="Name three colours.", options=FIXED)
    assert "".join(part.response for part in parts) == whole.response
    assert len(parts) > 5


def test_answers_stream_as_lines_of_json_by_default(server):
    answer = server.post("/api/chat", {"model": MODEL, "messages": ASK, "options": FIXED})
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert (lines[0]["done"], lines[-1]["done"]) == (False, True)


def test_a_loaded_model_is_listed_after_its_first_answer(client):
    client.generate(SHORT, prompt="Hi.", options={"num_predict": 1})
    assert SHORT in [model.model for model in client.ps().models]


def test_names_differ_in_how_much_they_write(client):
    text = "Write a very long story about a lighthouse keeper and the sea."
    counts = {
        name: client.generate(name, prompt=text, options={"temperature": 0}).eval_count
        for name in (SHORT, MODEL, LONG)
    }
    assert counts == {SHORT: 48, MODEL: 96, LONG: 192}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_structured_output_obeys_its_schema(client, seed, stream):
    ask = "One insight on: fixed the login page, met Ana about billing. JSON."
    options = {"temperature": 0.7, "seed": seed, "num_predict": 300}
    answers = client.generate(MODEL, prompt=ask, format=INSIGHT, options=options, stream=stream)
    text = "".join(part.response for part in answers) if stream else answers.response
    jsonschema.validate(json.loads(text), INSIGHT)


def test_json_without_a_schema_is_an_object(client):
    messages = [{"role": "user", "content": "Describe a cat named Tom."}]
    answer = client.chat(MODEL, messages=messages, format="json", options=FIXED)
    assert answer.message.content.startswith("{")


def test_the_system_message_changes_the_answer(client):
    def ask(**fields):
        return client.generate(MODEL, prompt="Who are you?", options=FIXED, **fields).response

    assert ask(system="You are a pirate.") != ask()


def test_a_raw_prompt_is_not_put_into_the_template(client):
    answers = [
        client.generate(MODEL, prompt="One, two,", raw=raw, options=FIXED) for raw in (True, False)
    ]
    assert answers[0].prompt_eval_count < 8 < answers[1].prompt_eval_count


def test_a_stop_word_ends_the_answer_and_is_left_out(client):
    whole = client.chat(MODEL, messages=ASK, options=FIXED).message.content
    word = whole.split()[2]
    answer = client.chat(MODEL, messages=ASK, options={**FIXED, "stop": [word]})
    assert answer.done_reason == "stop"
    assert answer.message.content == whole.partition(word)[0]


def test_an_own_end_is_told_from_a_limit(client):
    messages = [{"role": "user", "content": "Say hello."}]
    answer = client.chat(MODEL, messages=messages, options={"temperature": 0, "num_predict": 200})
    assert (answer.done_reason, answer.eval_count < 200) == ("stop", True)


def test_the_last_message_of_the_assistant_is_continued(client):
    messages = [*ASK, {"role": "assistant", "content": "The three colours are red,"}]
    answer = client.chat(MODEL, messages=messages, options=FIXED)
    assert answer.message.content.startswith(" ")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("words", "options", "window"),
    [(3000, {"num_ctx": 512}, 512), (9000, {}, 8192), (9000, {"num_ctx": 99_999}, 8192)],
)
def test_a_prompt_longer_than_the_window_is_refused_where_it_must_not_be_cut(
    server, stream, words, options, window
):
    messages = [{"role": "user", "content": "log " * words}]
    body = {"model": MODEL, "messages": messages, "options": options, "stream": stream}
    answer = server.post("/api/chat", {**body, "truncate": False})
    assert answer.status_code == 400
    inner = json.loads(answer.json()["error"])["error"]
    assert (inner["type"], inner["n_ctx"]) == ("exceed_context_size_error", window)
    assert inner["n_prompt_tokens"] > words
    assert inner["message"].startswith(f"request ({inner['n_prompt_tokens']} tokens) exceeds")


@pytest.mark.parametrize(("window", "read"), [(64, 34), (512, 258)])
def test_a_prompt_longer_than_the_window_is_halved_in_silence(client, window, read):
    options = {"num_ctx": window, "num_predict": 2}
    answer = client.generate(MODEL, prompt="log " * 600, options=options)
    assert (answer.prompt_eval_count, answer.done) == (read, True)


def test_without_shift_prompt_and_answer_fit_the_window_together(server):
    text = "Write a very long story about a lighthouse keeper and the sea."
    options = {"num_ctx": 64, "num_predict": -1}
    body = {"model": MODEL, "prompt": text, "options": options, "stream": False, "shift": False}
    answer = server.post("/api/generate", body).json()
    assert answer["done_reason"] == "length"
    assert answer["prompt_eval_count"] + answer["eval_count"] == 64


def test_an_answer_may_go_on_beyond_its_window(client):
    text = "Write a very long story about a lighthouse keeper and the sea."
    answer = client.generate(MODEL, prompt=text, options={"num_ctx": 64, "num_predict": 90})
    assert answer.eval_count == 90


def test_what_the_engine_refuses_is_a_bad_request(client):
    with pytest.raises(ollama.ResponseError, match="penalty_repeat") as caught:
        client.generate(MODEL, prompt="Hi.", options={"repeat_penalty": 0})
    assert caught.value.status_code == 400
    with pytest.raises(ollama.ResponseError, match=r"cannot resolve \$ref") as caught:
        client.generate(MODEL, prompt="Hi.", format={"$ref": "#/absent"})
    assert json.loads(caught.value.error)["error"]["code"] == 400


def test_a_context_continues_the_conversation(client):
    first = client.generate(MODEL, prompt="My name is Ana.", options=FIXED)
    second = client.generate(MODEL, prompt="Go on.", context=first.context, options=FIXED)
    assert second.prompt_eval_count > len(first.context) > first.prompt_eval_count
    assert second.context[: len(first.context)] == first.context


def test_log_probabilities_come_with_each_token(server):
    body = {"model": MODEL, "messages": ASK, "options": FIXED, "stream": False}
    answer = server.post("/api/chat", {**body, "logprobs": True, "top_logprobs": 2}).json()
    assert "".join(item["token"] for item in answer["logprobs"]) == answer["message"]["content"]
    assert {len(item["top_logprobs"]) for item in answer["logprobs"]} == {2}


def test_extreme_options_harm_nobody(server):
    options = {
        "temperature": 3e38,
        "top_k": -(10**300),
        "top_p": -1,
        "seed": 10**300,
        "presence_penalty": -99,
        "repeat_last_n": 10**9,
        "stop": ["", "zzz"] * 1000,
        "num_predict": 2,
        "num_ctx": 10**299,
    }
    body = {**QUICK, "options": options, "keep_alive": 10**299}
    assert server.post("/api/generate", body).status_code == 200
