"""Prompts built from entries fit the window of whichever server; others are sent as they are."""

import json
import threading

import pytest

from llmconfig.values.windows import Window, WindowSource
from workers.backends import ollama as backend
from workers.backends.ollama import AttemptFailed, GenerationRequest, Limits
from workers.execution.generation import Asking
from workers.runs.outcomes import Cause
from workers.task_types.drafts import Draft
from workers.task_types.prompts import Prompt
from workers.testing import behaviours as b
from workers.testing import tokens
from workers.testing.fake_ollama import FakeOllama
from workers.testing.ollama_http.requests import Generation
from workers.testing.one_host import OneHost, Pace
from workers.testing.script import always

WINDOW = 1024
QUICK = {"pace": Pace(tokens=2, seconds=0.0), "load_seconds": 0.0, "context_length": WINDOW}


@pytest.fixture(autouse=True)
def fresh_backend():
    yield
    backend.close()


@pytest.fixture(params=[True, False], ids=["honours", "ignores"])
def server(request):
    with FakeOllama(one_host=OneHost(honours_truncate=request.param, **QUICK)) as host:
        yield host


def draft(*texts):
    return Draft(
        texts=texts,
        dates=[""] * len(texts),
        render=lambda kept: Prompt(
            system="Be short.", user="Entries:\n" + "".join(texts[index] for index in kept)
        ),
    )


def asking(server, settings, *, model="a:1", tokens=WINDOW, source=WindowSource.STATED, **more):
    settings.OLLAMA_HOST = server.host
    options = {"context_window": tokens} if source is WindowSource.STATED else {}
    return Asking(
        request=GenerationRequest(host=server.host, model=model, prompt="", options=options),
        limits=Limits(timeout_seconds=10),
        window=Window(tokens=tokens, source=source, place=""),
        cancelled=threading.Event(),
        **more,
    )


def read_tokens(body):
    return tokens.prompt_tokens(Generation(is_chat=True, messages=tuple(body["messages"])))


def asked(server):
    """What each request had to read, and how much it was to write."""
    return [
        (read_tokens(x.body), (x.body.get("options") or {}).get("num_predict"))
        for x in server.requests("/api/chat")
    ]


def answered_prompt(server):
    """The body of the request that was answered in full."""
    whole = (x.body for x in server.requests("/api/chat"))
    return [body for body in whole if (body.get("options") or {}).get("num_predict") is None][-1]


def left_out(answered):
    return [note["detail"].partition(":")[0] for note in answered.notes]


KINDS = {
    "english": "worked on the import and wrote the report about it",
    "german": "größere Änderungen an der Abrechnung geprüft und überarbeitet",
    "chinese": "今天我们完成了登录页面的重构并检查了计费系统",
    "digits": "1234567890 0987654321 555",
    "code": "if (x[i] != y) { return f(x, y) + 1; }",
    "emoji": "🚀🔥👍🎉🐛✅",
    "hash": "9f2c4e7a1b3d5f60aGVsbG8gd29ybGQxMjM0NTY3ODkw",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 10, 400])
def test_entries_of_every_kind_are_answered_and_what_is_left_out_is_noted(
    server, settings, kind, count
):
    texts = [f"- {number}: {KINDS[kind]}\n" for number in range(count)]
    answered = asking(server, settings).answer(draft(*texts))
    assert answered.generation.content
    read = answered_prompt(server)
    kept = read["messages"][-1]["content"].count("\n") - 1
    assert read_tokens(read) < WINDOW
    assert read["messages"][-1]["content"].endswith("".join(texts[count - kept :]))
    told = f"{count - kept} of {count} entries were left out, the oldest first"
    assert left_out(answered) == ([told] if kept < count else [])


def test_a_server_that_refuses_counts_the_prompt_which_then_fills_the_window(settings):
    with FakeOllama(one_host=OneHost(**QUICK)) as server:
        texts = [f"- {number}: {KINDS['english']}\n" for number in range(400)]
        answered = asking(server, settings).answer(draft(*texts))
        (whole, one), (fitted, more) = asked(server)
    assert (one, more) == (1, None)
    assert whole > WINDOW
    room = WINDOW - WINDOW // 4
    assert 0.85 * room < fitted <= room
    assert answered.generation.prompt_tokens == fitted


def test_a_prompt_that_the_estimate_says_fits_is_sent_at_once(server, settings):
    asking(server, settings).answer(draft("- worked\n"))
    assert [limit for _tokens, limit in asked(server)] == [None]


def test_one_that_fits_although_the_estimate_doubts_it_is_sent_whole(server, settings):
    texts = [f"- {number}: {KINDS['english']}\n" for number in range(40)]
    answered = asking(server, settings).answer(draft(*texts))
    assert answered.notes == ()
    assert [limit for _tokens, limit in asked(server)] == [1, None]


def test_the_window_is_the_loaded_models_where_none_is_stated(server, settings):
    server.load("a:1")
    default = {"tokens": 4096, "source": WindowSource.DEFAULT}
    texts = [f"- {number}: {KINDS['english']}\n" for number in range(400)]
    answered = asking(server, settings, **default).answer(draft(*texts))
    assert "a:1, which has 1024 tokens" in answered.notes[0]["detail"]


def test_entries_of_different_kinds_are_counted_until_they_fit(server, settings):
    old = [f"- {KINDS['english']}\n"] * 200
    new = [f"- {'7' * 100}\n"] * 20
    answered = asking(server, settings).answer(draft(*old, *new))
    assert answered.generation.content
    assert read_tokens(answered_prompt(server)) < WINDOW


def test_a_context_that_not_even_one_entry_fits_ends_as_an_overflow(server, settings):
    with pytest.raises(AttemptFailed) as caught:
        asking(server, settings).answer(draft("7" * 2000, "8" * 3000))
    assert caught.value.cause is Cause.CONTEXT_OVERFLOW


def test_a_plain_prompt_is_never_shortened(server, settings):
    with pytest.raises(AttemptFailed) as caught:
        asking(server, settings).answer(Prompt(system="", user="7" * 2000))
    assert caught.value.cause is Cause.CONTEXT_OVERFLOW
    for exchange in server.requests("/api/chat"):
        assert exchange.body["messages"][-1]["content"].startswith("7" * 2000)


def test_any_other_failure_is_the_attempts(server, settings):
    server.script("a:1", [always("http-503")])
    with pytest.raises(AttemptFailed) as caught:
        asking(server, settings).answer(draft("- worked\n"))
    assert caught.value.cause is Cause.SERVER_ERROR


def test_of_answers_to_several_prompts_the_first_ones_text_is_heard(fake_ollama, settings):
    fake_ollama.load("a:1")
    cut = b.Ok(text="of the end alone", prompt_tokens=WINDOW)
    fake_ollama.script("a:1", [cut, b.Ok(text="of one entry")])
    heard = []
    options = {"source": WindowSource.DEFAULT, "tokens": 4096, "on_text": heard.append}
    fake_ollama.script("/api/ps", [loaded_with(WINDOW)])
    answered = asking(fake_ollama, settings, **options).answer(draft("- one\n", "- two\n"))
    assert answered.generation.content == "of one entry"
    assert left_out(answered) == ["1 of 2 entries was left out, the oldest"]
    assert "".join(heard) == "of the end alone"


def loaded_with(window):
    model = {"name": "a:1", "model": "a:1", "context_length": window}
    return b.Status(code=200, raw=json.dumps({"models": [model]}))
