"""What is sent to Ollama, and what an answer becomes."""

import socket
from contextlib import suppress

import pytest

from tests.workers.backends.ollama.asking import ask
from workers.backends.ollama import AttemptFailed
from workers.testing import behaviours as b
from workers.testing.fake_ollama import FakeOllama


def loopbacks():
    """The loopback addresses of this machine, which need not have IPv6."""
    yield "127.0.0.1"
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        yield "::1"


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
    assert body.keys() - {"tools"} == {"model", "messages", "stream", "think", "truncate"}


def test_every_request_states_whether_the_model_thinks(fake_ollama):
    assert sent(fake_ollama)["think"] is False
    assert sent(fake_ollama, model="thinker:1")["think"] is False
    assert sent(fake_ollama, model="thinker:1", options={"think": "low"})["think"] == "low"


# Of servers older than the field, and of models that cannot think at all.
@pytest.mark.parametrize(
    "refusal",
    [
        b.Status(code=400, body='json: unknown field "think"'),
        b.Status(code=422, raw=b'{"detail": [{"loc": ["body", "think"], "msg": "extra"}]}'),
        b.Status(code=400, body='"m:1" does not support thinking'),
    ],
    ids=str,
)
def test_a_server_that_refuses_think_is_asked_without_it(fake_ollama, refusal):
    fake_ollama.script("m:1", [refusal])
    assert ask(fake_ollama.host, "m:1").content
    first, second = (exchange.body for exchange in fake_ollama.requests("/api/chat"))
    assert first == {**second, "think": False}


def test_a_model_that_cannot_think_as_stated_is_not_asked_without(fake_ollama):
    fake_ollama.script("m:1", [b.Status(code=400, body='"m:1" does not support thinking')])
    with pytest.raises(AttemptFailed):
        ask(fake_ollama.host, "m:1", options={"think": True})
    assert len(fake_ollama.requests("/api/chat")) == 1


def test_a_model_that_may_skip_its_thinking_is_asked_with_it_off(fake_ollama):
    ask(fake_ollama.host, "ok:1", options={"think": "high"}, may_skip_thinking=True)
    asked = [exchange.body["think"] for exchange in fake_ollama.requests("/api/chat")]
    assert asked == ["high", False]


def test_a_request_that_is_refused_for_another_reason_is_sent_once(fake_ollama):
    fake_ollama.script("m:1", [b.Status(code=400, body="invalid option")])
    with pytest.raises(AttemptFailed):
        ask(fake_ollama.host, "m:1")
    assert len(fake_ollama.requests("/api/chat")) == 1


def test_every_request_that_reads_a_prompt_says_that_it_must_not_be_cut(fake_ollama):
    ask(fake_ollama.host, prompt="größer 日本語", options={"context_window": 512})
    asked = [*fake_ollama.requests("/api/generate"), *fake_ollama.requests("/api/chat")]
    assert {exchange.body["truncate"] for exchange in asked} == {False}
    assert asked[-1].body["messages"][-1]["content"] == "größer 日本語"


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
    assert answer.load_ms < 100


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


DONE = b'{"message": {"role": "assistant", "content": ""}, "done": true}\n'


def said(text):
    return b'{"message": {"role": "assistant", "content": "%s"}, "done": false}\n' % text


# What is odd, and yet an answer.
@pytest.mark.parametrize(
    ("body", "content"),
    [
        (said(b"a").replace(b"\n", b"\r\n") + DONE.replace(b"\n", b"\r\n"), "a"),
        (said(b"a") + DONE.rstrip(), "a"),
        (said(b"a") + DONE + b"nonsense after the end", "a"),
        (said(b"a") + DONE.replace(b'"done": true', b'"done": "true"'), "a"),
        (said(b"a") + DONE.replace(b'"done": true', b'"done": false, "done": true'), "a"),
        (said(b"a").replace(b'"content"', b'"content": "b", "content"') + DONE, "a"),
        (said(b"a").replace(b'"done"', b'"unheard": {"of": [1e9]}, "done"') + DONE, "a"),
        (said(b"a\\u0000b") + DONE, "ab"),
    ],
    ids=[
        "lines end in CR LF",
        "no end of the last line",
        "more after done",
        "done as a text",
        "done twice in a line: the last one counts",
        "content twice in a line: the last one counts",
        "unknown keys",
        "NUL",
    ],
)
def test_an_odd_answer_is_an_answer(fake_ollama, body, content):
    fake_ollama.script("m:1", [b.Status(code=200, raw=body)])
    assert ask(fake_ollama.host, "m:1").content == content


def test_an_answer_is_utf8_whatever_its_head_says(fake_ollama):
    foreign = b.Status(code=200, raw=said("é".encode()) + DONE, content_type="x; charset=utf-16")
    fake_ollama.script("m:1", [foreign])
    assert ask(fake_ollama.host, "m:1").content == "é"


def test_a_response_may_come_after_others_that_only_inform(fake_ollama):
    fake_ollama.script("m:1", [b.EarlyHints()])
    assert ask(fake_ollama.host, "m:1").content


@pytest.mark.parametrize("max_tokens", [2, None], ids=["as asked", "the context has room"])
def test_an_answer_that_ends_by_its_length_is_an_answer(fake_ollama, max_tokens):
    spent = 4094 if max_tokens else 12
    answer = b.Ok(text="one two", chunks=2, prompt_tokens=spent, done_reason="length")
    fake_ollama.script("m:1", [answer])
    assert ask(fake_ollama.host, "m:1", options={"max_tokens": max_tokens}).content == "one two"


def test_bytes_behind_an_answer_never_reach_the_next_one(fake_ollama):
    fake_ollama.load("m:1")
    fake_ollama.script("m:1", [b.LongBody()])
    assert ask(fake_ollama.host, "m:1").content == "This is the answer of m:1."
    assert fake_ollama.connections == 1
    assert ask(fake_ollama.host, "m:1").content == "This is the answer of m:1."
    assert fake_ollama.connections == 2


@pytest.mark.parametrize("address", list(loopbacks()))
def test_a_host_is_reached_at_every_loopback_address(address):
    with FakeOllama(address=address) as server:
        assert ask(server.host).content


def test_each_piece_of_the_answer_is_heard_as_it_comes(fake_ollama):
    fake_ollama.script("ok:1", [b.Ok(text="One two three", chunks=3)])
    heard = []
    answer = ask(fake_ollama.host, on_text=heard.append)
    assert len(heard) == 3
    assert "".join(heard) == answer.content


def test_thinking_is_not_heard(fake_ollama):
    fake_ollama.script("ok:1", [b.ThinkingOnly()])
    heard = []
    with suppress(AttemptFailed):
        ask(fake_ollama.host, on_text=heard.append)
    assert fake_ollama.requests("/api/chat")
    assert heard == []


def test_each_token_is_signalled_thinking_included(fake_ollama):
    thinking = b'{"message": {"role": "assistant", "content": "", "thinking": "hm"}}\n'
    raw = thinking + said(b"a") + said(b"b") + DONE
    fake_ollama.script("ok:1", [b.Status(code=200, raw=raw)])
    heard, signals = [], []
    ask(fake_ollama.host, on_text=heard.append, on_token=lambda: signals.append(len(heard)))
    assert heard == ["a", "b"]
    assert signals == [0, 0, 1]
