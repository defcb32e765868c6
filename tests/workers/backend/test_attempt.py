"""What is sent to Ollama, and what an answer becomes."""

import pytest

from tests.workers.backend.asking import ask
from workers.testing import behaviours as b

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


def sent(server, **details):
    """The body of the chat request that asking causes."""
    ask(server.host, **details)
    return server.requests("/api/chat")[-1].body


def test_it_streams_a_chat_of_system_and_user(fake_ollama):
    body = sent(fake_ollama, system="Be short.", prompt="Why?")
    assert body["stream"] is True
    assert body["messages"] == [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "Why?"},
    ]


def test_without_a_system_prompt_there_is_no_system_message(fake_ollama):
    assert [message["role"] for message in sent(fake_ollama)["messages"]] == ["user"]


def test_what_is_not_stated_is_not_sent(fake_ollama):
    body = sent(fake_ollama, options={"temperature": None})
    # The client itself adds an empty list of tools.
    assert body.keys() - {"tools"} == {"model", "messages", "stream"}


def test_options_are_sent_under_ollamas_names(fake_ollama):
    stated = {"max_tokens": 7, "min_p": 0.05, "stop": ["\n\n"], "seed": 0, "top_k": 40}
    assert sent(fake_ollama, options=stated)["options"] == {
        "num_predict": 7,
        "min_p": 0.05,
        "stop": ["\n\n"],
        "seed": 0,
        "top_k": 40,
    }


def test_a_schema_is_sent_as_the_format(fake_ollama):
    assert sent(fake_ollama, format=SCHEMA)["format"] == SCHEMA


def test_a_prompt_with_lone_surrogates_is_sent_repaired(fake_ollama):
    body = sent(fake_ollama, prompt="a\ud800b\x00c \ud83d\ude00")
    assert body["messages"][-1]["content"] == "a\ufffdbc \U0001f600"


def test_it_names_itself_and_asks_for_plain_bytes(fake_ollama):
    ask(fake_ollama.host)
    for exchange in fake_ollama.log:
        assert exchange.request.headers["user-agent"] == "llmconfig"
        assert exchange.request.headers["accept-encoding"] == "identity"


def test_the_environments_proxies_are_not_used(fake_ollama, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert ask(fake_ollama.host).content


def test_an_answer_comes_with_its_facts(fake_ollama):
    fake_ollama.load("m:1")
    fake_ollama.script("m:1", [b.Ok(text="one two", chunks=2, delay=0.1, prompt_tokens=12)])
    answer = ask(fake_ollama.host, "m:1")
    assert (answer.content, answer.done_reason) == ("one two", "stop")
    assert (answer.prompt_tokens, answer.completion_tokens) == (12, 2)
    assert 100 <= answer.first_token_ms < answer.duration_ms
    assert answer.load_ms == 0


def test_an_answer_that_ran_into_max_tokens_says_so(fake_ollama):
    fake_ollama.script("m:1", [b.Ok(done_reason="length")])
    assert ask(fake_ollama.host, "m:1").done_reason == "length"


@pytest.mark.parametrize("count", [-1, 2**31, 10**30])
def test_a_nonsensical_token_count_is_no_count(fake_ollama, count):
    fake_ollama.script("m:1", [b.Ok(prompt_tokens=count)])
    assert ask(fake_ollama.host, "m:1").prompt_tokens is None


# The client ends a line at all of these, but in JSON they are text.
@pytest.mark.parametrize(
    "text", ["a\u0085b", "a\u2028b\u2029c", "â€¨ \u2026 Âµ", "日本語 \U0001f600"]
)
@pytest.mark.parametrize("chunks", [1, 3])
def test_characters_that_look_like_line_ends_are_part_of_the_answer(fake_ollama, text, chunks):
    fake_ollama.script("m:1", [b.Ok(text=text, chunks=chunks)])
    assert ask(fake_ollama.host, "m:1").content == text


def test_an_answer_may_come_byte_by_byte(fake_ollama):
    fake_ollama.script("m:1", [b.Dribble(text="a\u2028b \u2026 \U0001f600")])
    assert ask(fake_ollama.host, "m:1").content == "a\u2028b \u2026 \U0001f600"


def test_halves_of_a_character_in_two_chunks_are_put_together(fake_ollama):
    halves = [rb"\ud83d", rb"\ude00\u0000!"]
    lines = [b'{"message": {"role": "assistant", "content": "%s"}}\n' % half for half in halves]
    done = b'{"message": {"role": "assistant", "content": ""}, "done": true}\n'
    fake_ollama.script("m:1", [b.Status(code=200, raw=b"".join([*lines, done]))])
    assert ask(fake_ollama.host, "m:1").content == "\U0001f600!"
